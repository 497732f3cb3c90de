// From irregular readings and boluses to records every five minutes, by the rules of bloodTwin's importers.

const RECORD_MS = 5 * 60_000;
const CARRIED_MS = 450_000; // A reading stands for one and a half times a sensor's interval.
const SENSOR_SILENCE_MS = 15 * 60_000;
const INSULIN_SILENCE_MS = 25 * 3600_000; // After it nobody knows whether boluses were written down.
const FILLED_RUN = { readings: 24, ms: 115 * 60_000, low: 40.5, high: 398 }; // Equal values that no sensor measures.
const BOLUS_LIMIT = 25; // U in five minutes; more than that is delivered in the next ones.

const binOf = (time) => Math.ceil(time / RECORD_MS);

/** Records `{time, bg, deltaBg, basalRate, bolusDose}`, from the first event to the last reading. */
export function recordsOf({ readings, boluses }) {
  const followed = oneSensor(withoutFilledRuns(readings));
  const latest = new Map(followed.map((reading) => [binOf(reading.time), reading])); // Of two in a bin the later one.
  const first = binOf(Math.min(followed[0].time, boluses[0]?.time ?? Infinity));
  const last = binOf(followed.at(-1).time);
  const doses = dosesIn(boluses, first, last);
  const records = [];
  for (let bin = first, before = null; bin <= last; bin += 1) {
    const time = new Date(bin * RECORD_MS);
    const own = latest.get(bin);
    const carried = own === undefined && before !== null && time - before.time <= CARRIED_MS ? before : undefined;
    const previous = records.at(-1);
    const changed = own !== undefined && previous !== undefined && previous.bg !== null && !previous.isCarried;
    records.push({
      time,
      bg: (own ?? carried)?.glucose ?? null,
      deltaBg: changed ? clipped(own.glucose) - clipped(previous.bg) : null,
      basalRate: null,
      bolusDose: doses[bin - first],
      isCarried: carried !== undefined,
    });
    before = own ?? before;
  }
  return records;
}

const clipped = (glucose) => Math.min(Math.max(glucose, 20), 600);

/** The first sensor is followed until it is silent, then the next that is heard. */
function oneSensor(readings) {
  const kept = [];
  for (const reading of readings) {
    const followed = kept.at(-1);
    const isSame = followed === undefined || reading.sensor === followed.sensor;
    if (isSame || reading.time - followed.time > SENSOR_SILENCE_MS) kept.push(reading);
  }
  return kept;
}

function withoutFilledRuns(readings) {
  const kept = [];
  for (let start = 0; start < readings.length; ) {
    const { glucose } = readings[start];
    let stop = start;
    while (stop < readings.length && readings[stop].glucose === glucose) stop += 1;
    const run = readings.slice(start, stop);
    const isLong = run.length >= FILLED_RUN.readings && run.at(-1).time - run[0].time >= FILLED_RUN.ms;
    if (!(isLong && glucose > FILLED_RUN.low && glucose < FILLED_RUN.high)) kept.push(...run);
    start = stop;
  }
  return kept;
}

/** U of each bin; null where no bolus was heard of for so long that none may have been written down. */
function dosesIn(boluses, first, last) {
  const doses = new Array(last - first + 1).fill(0);
  for (const { time, dose } of boluses) {
    const place = binOf(time) - first;
    if (place >= 0 && place < doses.length) doses[place] += dose;
  }
  for (let place = 0; place + 1 < doses.length; place += 1) {
    const excess = Math.max(doses[place] - BOLUS_LIMIT, 0);
    doses[place] -= excess;
    doses[place + 1] += excess;
  }
  let heard = -1;
  return doses.map((dose, place) => {
    const end = (first + place) * RECORD_MS;
    while (heard + 1 < boluses.length && boluses[heard + 1].time <= end) heard += 1;
    const isKnown = heard >= 0 && end - boluses[heard].time <= INSULIN_SILENCE_MS;
    return isKnown || dose > 0 ? dose : null;
  });
}
