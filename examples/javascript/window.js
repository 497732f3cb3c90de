// From records every five minutes to the input of model.onnx, by the rules in docs/forecasting.md.

const GLUCOSE = [20, 600]; // mg/dL
const BASAL = [0, 10]; // U/h
const BOLUS = [0, 25]; // U in five minutes
const RECORD_MS = 5 * 60 * 1000;
const BASAL_IS_CARRIED_MS = 24 * 60 * 60 * 1000;
export const FEATURES = 8;

const clip = (value, [low, high]) => Math.min(Math.max(value, low), high);
const isKnown = (value) => value !== null && value !== undefined && !Number.isNaN(value);

/**
 * Each record's eight features, oldest first, ready for the last `lookback` of them to be cut off.
 *
 * records: `{time: Date, bg, basalRate, bolusDose}`, one every five minutes; mg/dL, U/h, U. What is not known is null,
 * which for insulin is not 0. Records that tell more, as those of a split file do, may hold `deltaBg` (mg/dL, null where
 * none was measured) and `isClipped`; both are computed where they are left out. secondsOfDay: a Date to the seconds since midnight on the clock that the model's facts
 * name (`clock`). maxGapHours: that of the facts; after a longer gap in glucose nothing is carried over.
 */
export function featuresOf(records, { secondsOfDay, maxGapHours }) {
  const rows = [];
  let carried = {}; // What the segment has told so far.
  let before = null; // The record of five minutes ago.
  for (const record of records) {
    const isHole = before !== null && record.time - before.time !== RECORD_MS;
    const measured = isKnown(record.bg);
    const isLongGap = measured && isKnown(carried.measuredAt) && record.time - carried.measuredAt > maxGapHours * 3600e3;
    if (isHole || isLongGap) {
      rows.length = 0;
      carried = {};
      before = null;
    }
    if (isKnown(record.basalRate)) {
      carried.basalRate = clip(record.basalRate, BASAL);
      carried.toldAt = record.time;
    }
    if (!measured && !isKnown(carried.bg)) {
      continue; // A segment begins with the first measured glucose.
    }
    const bg = measured ? clip(record.bg, GLUCOSE) : carried.bg;
    const computed = measured && before !== null && isKnown(before.bg) ? bg - clip(before.bg, GLUCOSE) : 0;
    const delta = record.deltaBg === undefined ? computed : (record.deltaBg ?? 0);
    const isFresh = isKnown(carried.toldAt) && record.time - carried.toldAt <= BASAL_IS_CARRIED_MS;
    const phase = (2 * Math.PI * secondsOfDay(record.time)) / 86400;
    rows.push([
      bg,
      delta,
      isFresh ? carried.basalRate : NaN,
      isKnown(record.bolusDose) ? clip(record.bolusDose, BOLUS) : NaN,
      Math.sin(phase),
      Math.cos(phase),
      measured && (record.isClipped ?? bg !== record.bg) ? 1 : 0,
      measured ? 0 : 1,
    ]);
    if (measured) {
      carried.bg = bg;
      carried.measuredAt = record.time;
    }
    before = record;
  }
  return rows;
}

/** Seconds since midnight on the clock of an IANA zone such as Europe/Berlin; "UTC" is one. */
export function clockOf(zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map((part) => [part.type, Number(part.value)]));
    return parts.hour * 3600 + parts.minute * 60 + parts.second;
  };
}
