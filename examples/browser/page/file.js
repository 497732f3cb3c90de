// From a dropped file to records and the clock that they are on.

import { eventsOf, isClarity } from "./clarity.js";
import { recordsOf } from "./grid.js";
import { isSplitFile, splitFileOf } from "./split_file.js";
import { Unreadable } from "./unreadable.js";

/** {name, records, zone, isLocal}. Throws Unreadable, with what to do. */
export async function recordsOfFile(file) {
  const { data: rows } = Papa.parse(await file.text(), { skipEmptyLines: true });
  if (isClarity(rows)) return { name: file.name, records: recordsOf(eventsOf(rows)), zone: "", isLocal: true };
  if (isSplitFile(rows)) return { name: file.name, ...splitFileOf(rows) };
  throw new Unreadable("The file is neither of Clarity nor a split file", "For other exports install bloodTwin");
}
