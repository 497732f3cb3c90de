// The records of a split file (bloodBath CSV v2.0), and whose clock they are on.

import { Unreadable } from "./unreadable.js";

const COLUMNS = ["timestamp", "bg", "delta_bg", "basal_rate", "bolus_dose", "bg_clip_flag"];
const RECORD_MS = 5 * 60_000;

export const isSplitFile = (rows) => rows.some((row) => COLUMNS.every((name) => row.includes(name)));

/** {records, zone, isLocal}: zone "" where the file does not say it; isLocal: the times are wall times already. */
export function splitFileOf(rows) {
  const begin = rows.findIndex((row) => row.includes(COLUMNS[0]) && row.includes(COLUMNS[1]));
  const comments = new Map(rows.slice(0, begin).map((row) => commentOf(row.join(","))));
  const [time, bg, delta, basal, bolus, clip] = COLUMNS.map((name) => rows[begin].indexOf(name));
  const records = rows
    .slice(begin + 1)
    .filter((row) => row.length > clip)
    .map((row) => ({
      time: timeOf(row[time]),
      bg: known(row[bg]),
      deltaBg: known(row[delta]),
      basalRate: known(row[basal]),
      bolusDose: known(row[bolus]),
      isClipped: Number(row[clip]) === 1,
    }));
  if (!records.some((record) => record.bg !== null)) throw new Unreadable("The file holds no reading", "Choose another");
  const isTold = records.some((record) => record.deltaBg !== null);
  return {
    records: onGrid(isTold ? records : records.map(({ deltaBg, ...record }) => record)),
    zone: comments.get("wearer_zone") ?? "",
    isLocal: (comments.get("tz_handling") ?? "").startsWith("local wall time"),
  };
}

function commentOf(line) {
  const [key, ...value] = line.replace(/^#\s*/, "").split(":");
  return [key.trim(), value.join(":").trim()];
}

const known = (text) => (text === "" || text === undefined || text.toLowerCase() === "nan" ? null : Number(text));

function timeOf(text) {
  const time = new Date(text.replace(" ", "T"));
  if (Number.isNaN(time.getTime())) throw new Unreadable(`'${text}' is no time`, "Leave the file as it was written");
  return time;
}

/** A record every five minutes from the first to the last; those that the file lacks hold nothing. */
function onGrid(records) {
  const byTime = new Map(records.map((record) => [record.time.getTime(), record]));
  const times = records.map((record) => record.time.getTime());
  const filled = [];
  for (let time = times[0]; time <= times.at(-1); time += RECORD_MS) {
    filled.push(byTime.get(time) ?? { time: new Date(time), bg: null, deltaBg: null, basalRate: null, bolusDose: null });
  }
  return filled;
}
