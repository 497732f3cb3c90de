// Readings and rapid-acting insulin of a Dexcom Clarity export, as bloodTwin reads it (English column names).

import { Unreadable } from "./unreadable.js";

const TIME = "Timestamp (YYYY-MM-DDThh:mm:ss)";
const KIND = "Event Type";
const MG_PER_DL_PER_MMOL_PER_L = 18.0156;
const GLUCOSE = { "Glucose Value (mg/dL)": 1, "Glucose Value (mmol/L)": MG_PER_DL_PER_MMOL_PER_L };
const BEYOND = { low: 39, high: 401 }; // mg/dL, for what the sensor only calls low or high
const INSULIN = ["Insulin Value (u)", "Insulin Value (U)"];
const SENSOR = ["Transmitter ID", "Source Device ID"];

export const isClarity = (rows) => rows.slice(0, 60).some((row) => row.includes(TIME) && row.includes(KIND));

/** Events in the order of time: readings {time, glucose, sensor}, boluses {time, dose}. Times are wall times as if UTC. */
export function eventsOf(rows) {
  const header = rows[0];
  const glucose = Object.keys(GLUCOSE).find((name) => header.includes(name));
  if (!glucose || !header.includes(TIME)) throw new Unreadable("The header has no column of glucose", "Export it in English");
  const column = (names) => header.indexOf(names.find((name) => header.includes(name)));
  const [at, kind, subtype] = [TIME, KIND, "Event Subtype"].map((name) => header.indexOf(name));
  const [value, insulin, sensor] = [[glucose], INSULIN, SENSOR].map(column);
  const readings = [];
  const boluses = [];
  for (const row of rows.slice(1)) {
    if (row[kind] === "EGV" && row[value]) {
      const measured = BEYOND[row[value].toLowerCase()] ?? Number(row[value]) * GLUCOSE[glucose];
      if (!(measured > 0)) throw new Unreadable(`'${row[value]}' is no glucose`, "Export the file again");
      readings.push({ time: timeOf(row[at]), glucose: measured, sensor: row[sensor] ?? "" });
    } else if (row[kind] === "Insulin" && row[subtype] === "Fast-Acting" && Number(row[insulin]) > 0) {
      boluses.push({ time: timeOf(row[at]), dose: Number(row[insulin]) });
    }
  }
  if (readings.length === 0) throw new Unreadable("The file holds no reading", "Export days with readings");
  const byTime = (one, other) => one.time - other.time;
  return { readings: readings.sort(byTime), boluses: boluses.sort(byTime) };
}

function timeOf(text) {
  const time = new Date(`${text.replace(" ", "T")}Z`);
  if (Number.isNaN(time.getTime())) throw new Unreadable(`'${text}' is no time`, "Export the file again");
  return time;
}
