// `node forecast.js FOLDER`: the forecasts of a model for the records of its test vector, and how far they are from
// what bloodTwin forecast for them. FOLDER holds model.onnx, model.json and test_vector.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import ort from "onnxruntime-node";

import { FEATURES, clockOf, featuresOf } from "./window.js";

const folder = process.argv[2] ?? "../../bloodtwin_core/pretrained/model";
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf-8"));
const { facts } = read("model.json").models["model.onnx"];
const vector = read("test_vector.json");
const quiet = { logSeverityLevel: 3 }; // Not that wearer_past may be left out.
const session = await ort.InferenceSession.create(join(folder, "model.onnx"), quiet);

for (const each of vector.cases) {
  const records = each.timestamps.map((time, row) => ({
    time: new Date(time),
    bg: each.bg[row],
    basalRate: each.basal_rate[row],
    bolusDose: each.bolus_dose[row],
  }));
  const zone = facts.clock !== "utc" && each.wearer_zone ? each.wearer_zone : "UTC";
  const rows = featuresOf(records, { secondsOfDay: clockOf(zone), maxGapHours: facts.max_gap_hours });
  const window = rows.slice(-facts.lookback);
  const input = new ort.Tensor("float32", Float32Array.from(window.flat()), [1, facts.lookback, FEATURES]);
  const { prediction } = await session.run({ input });
  const glucose = Array.from(prediction.data);
  const distance = Math.max(...glucose.map((value, step) => Math.abs(value - each.prediction[step])));
  console.log(`${each.name}: ${glucose.map((value) => value.toFixed(1)).join(" ")} mg/dL`);
  console.log(`  ${distance.toExponential(1)} mg/dL from bloodTwin's own forecast`);
  if (!(distance <= vector.tolerance)) {
    process.exitCode = 1;
  }
}
