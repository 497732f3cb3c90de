// oref0's determine-basal (npm oref0 0.7.1, MIT) as a process that speaks the JSON lines of process.py.
//
// NODE_PATH names the folder node_modules that holds oref0. Preferences are oref0's defaults, but for the greatest insulin
// on board (max_iob), which is 0 there and here three hours of basal. No micro boluses, since those wait for carbohydrates
// that are announced; detection of unannounced meals is on, as it is by default.
"use strict";

process.env.TZ = "UTC";
const readline = require("readline");
const determineBasal = require("oref0/lib/determine-basal/determine-basal");
const basalSetTemp = require("oref0/lib/basal-set-temp");
const lastGlucose = require("oref0/lib/glucose-get-last");
const iobOf = require("oref0/lib/iob");

const RECORD_MINUTES = 5;
const TARGET = 110; // mg/dL, as Control-IQ aims
const MAX_IOB_HOURS = 3;
const NO_MEALS = { carbs: 0, nsCarbs: 0, bwCarbs: 0, journalCarbs: 0, mealCOB: 0, currentDeviation: 0, maxDeviation: 0,
  minDeviation: 0, slopeFromMaxDeviation: 0, slopeFromMinDeviation: 0, allDeviations: [], bwFound: false, reason: "" };

// oref0 tells its reasoning on the terminal.
process.stderr.write = () => true;
console.error = () => {};
console.log = () => {};

function profileOf(therapy) {
  const rate = therapy.basal_rate;
  return {
    dia: 5, curve: "rapid-acting", useCustomPeakTime: false, insulinPeakTime: 75,
    current_basal: rate, max_daily_basal: rate, max_basal: 4 * rate, basalprofile: [{ i: 0, minutes: 0, rate }],
    sens: therapy.correction_factor, carb_ratio: therapy.carbohydrate_ratio,
    min_bg: TARGET, max_bg: TARGET, out_units: "mg/dL", max_iob: MAX_IOB_HOURS * rate,
    max_daily_safety_multiplier: 3, current_basal_safety_multiplier: 4, autosens_max: 1.2, autosens_min: 0.7,
    maxCOB: 120, min_5m_carbimpact: 8, remainingCarbsFraction: 1, remainingCarbsCap: 90, enableUAM: true,
    skip_neutral_temps: false, carbsReqThreshold: 1, maxSMBBasalMinutes: 30, maxUAMSMBBasalMinutes: 30,
    bolus_increment: 0.1, maxDelta_bg_threshold: 0.2, SMBInterval: 3, suspend_zeros_iob: true,
  };
}

// Temporary basal rates and boluses of the pump, a stretch of one rate as one.
function historyOf(state, now) {
  const began = (place) => now - (state.basal_rate.length - place) * RECORD_MINUTES * 60000;
  const events = [];
  state.basal_rate.forEach((rate, place) => {
    const before = events[events.length - 1];
    if (before && before.rate === rate) before.duration += RECORD_MINUTES;
    else events.push({ eventType: "Temp Basal", rate, duration: RECORD_MINUTES, timestamp: new Date(began(place)).toISOString() });
  });
  state.bolus.forEach((insulin, place) => {
    if (insulin > 0) events.push({ eventType: "Correction Bolus", insulin, timestamp: new Date(began(place)).toISOString() });
  });
  return events.reverse();
}

function readingsOf(state, now) {
  return state.glucose
    .map((glucose, place) => ({ glucose, date: now - (state.glucose.length - 1 - place) * RECORD_MINUTES * 60000, device: "cgm", noise: 1 }))
    .filter((reading) => reading.glucose !== null)
    .reverse();
}

let running = { rate: 0, duration: 0 };

function decide(state) {
  const now = Date.parse(state.time);
  const profile = profileOf(state.therapy);
  const readings = readingsOf(state, now);
  running = { rate: running.rate, duration: Math.max(0, running.duration - RECORD_MINUTES), temp: "absolute" };
  const profileRate = state.therapy.basal_rate;
  if (readings.length === 0) return { basal_rate: profileRate, bolus: 0 };
  const iob = iobOf({ history: historyOf(state, now), profile, clock: state.time });
  const result = determineBasal(lastGlucose(readings), running, iob, profile, { ratio: 1 }, NO_MEALS, basalSetTemp, false, null, new Date(now));
  if (typeof result.rate === "number" && typeof result.duration === "number") running = { rate: result.rate, duration: result.duration, temp: "absolute" };
  const rate = running.duration > 0 ? running.rate : profileRate;
  return { basal_rate: rate, bolus: 0, predictions: result.predBGs || null, reason: result.reason || result.error };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(decide(JSON.parse(line)))}\n`);
});
