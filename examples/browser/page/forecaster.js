// The model, run by onnxruntime-web on this device.

import * as ort from "./lib/ort.wasm.min.mjs";

import { FEATURES, clockOf, featuresOf } from "./window.js";

const RECORD_MINUTES = 5;
const HOUR_RECORDS = 12;
const CARRIED_RECORDS = 288; // A basal rate from before the lookback is carried into it for a day.

export class Forecaster {
  /** Load the model that lies beside the page, and check it with its own test records. */
  static async load(folder) {
    ort.env.wasm.wasmPaths = new URL("lib/", document.baseURI).href;
    ort.env.wasm.numThreads = 1; // Several need headers that few web servers send.
    const [{ models }, vector] = await Promise.all(["model.json", "test_vector.json"].map((name) => json(`${folder}/${name}`)));
    const quiet = { executionProviders: ["wasm"], logSeverityLevel: 3 }; // Not that wearer_past may be left out.
    const session = await ort.InferenceSession.create(`${folder}/model.onnx`, quiet);
    return new Forecaster(session, models["model.onnx"].facts, vector);
  }

  constructor(session, facts, vector) {
    Object.assign(this, { session, facts, vector });
  }

  /** The largest distance (mg/dL) from what bloodTwin forecast for the test records. */
  async distance() {
    let largest = 0;
    for (const each of this.vector.cases) {
      const { records, zone } = recordsOfCase(each);
      const { glucose } = await this.forecast(records, zone);
      largest = Math.max(largest, ...glucose.map((value, step) => Math.abs(value - each.prediction[step])));
    }
    return largest;
  }

  /**
   * From the last of records on: `{glucose, quantiles}`, mg/dL, [step] and [step][level]; or `{refused}`, why not.
   *
   * zone: the wearer's, "UTC" for records that are on their clock already.
   */
  async forecast(records, zone) {
    const { lookback, horizon, max_gap_hours: maxGapHours, clock, quantile_levels: levels } = this.facts;
    const reach = lookback + CARRIED_RECORDS + Math.ceil(maxGapHours * HOUR_RECORDS) + 1;
    const secondsOfDay = clockOf(clock === "utc" ? "UTC" : zone);
    const window = featuresOf(records.slice(-reach), { secondsOfDay, maxGapHours }).slice(-lookback);
    const refused = this.#refused(records.slice(-lookback), window);
    if (refused) return { refused };
    const input = new ort.Tensor("float32", Float32Array.from(window.flat()), [1, lookback, FEATURES]);
    const { prediction, quantiles } = await this.session.run({ input });
    const bounds = Array.from(quantiles.data);
    return {
      glucose: Array.from(prediction.data),
      quantiles: Array.from({ length: horizon }, (_, step) => bounds.slice(step * levels.length, (step + 1) * levels.length)),
    };
  }

  #refused(recent, window) {
    const { lookback, min_measured_share: share, max_reading_age_minutes: oldest } = this.facts;
    const measured = recent.filter((record) => record.bg !== null && record.bg !== undefined);
    const age = (recent.at(-1).time - (measured.at(-1)?.time ?? -Infinity)) / 60_000;
    if (age > oldest) return `The last reading is ${age} min old; a forecast may start from one of the last ${oldest} min.`;
    if (window.length < lookback) {
      const hours = (lookback * RECORD_MINUTES) / 60;
      return `A forecast looks back on ${hours} h, of which ${((window.length * RECORD_MINUTES) / 60).toFixed(1)} h are there.`;
    }
    if (measured.length < share * lookback) {
      return `${measured.length} of the last ${lookback} readings are there; a forecast needs ${100 * share} %.`;
    }
    return "";
  }
}

/** The records of a case of the test vector, and the zone of their wearer. */
export function recordsOfCase(each) {
  const records = each.timestamps.map((time, row) => ({
    time: new Date(time),
    bg: each.bg[row],
    basalRate: each.basal_rate[row],
    bolusDose: each.bolus_dose[row],
  }));
  return { name: `example: ${each.name}`, records, zone: each.wearer_zone || "UTC" };
}

const json = async (path) => (await fetch(path)).json();
