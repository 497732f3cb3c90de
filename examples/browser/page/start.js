// The page: a file in, its forecast from any of its moments out. Nothing is sent anywhere.

import { draw } from "./drawing.js";
import { recordsOfFile } from "./file.js";
import { Forecaster, recordsOfCase } from "./forecaster.js";
import { tableOf } from "./table.js";
import { Unreadable } from "./unreadable.js";

const FACTORS = { "mg/dL": 1, "mmol/L": 18.0156 };
const byId = (id) => document.getElementById(id);
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

let forecaster = null;
let history = null; // {name, records, zone, isLocal}
let plot = null;
let newest = 0;

byId("zone").append(...["UTC", ...Intl.supportedValuesOf("timeZone")].map((name) => new Option(name, name)));
await load();

async function load() {
  try {
    forecaster = await Forecaster.load("model");
    const distance = await forecaster.distance();
    const isRight = distance <= forecaster.vector.tolerance;
    byId("state").textContent = isRight
      ? `Ready. This browser forecasts the test records as bloodTwin does, to ${distance.toExponential(0)} mg/dL.`
      : `This browser does not compute as bloodTwin does: ${distance.toFixed(2)} mg/dL apart. Do not use it.`;
    byId("file").disabled = byId("example").disabled = !isRight;
    const { model_name: name, model_version: version, members } = forecaster.facts;
    byId("about").textContent = `Model ${name} ${version}, ${members} networks; it has not learnt from this wearer.`;
  } catch (failure) {
    byId("state").textContent = `The model cannot be loaded (${failure.message}).`;
  }
}

async function take(file) {
  byId("fault").textContent = "";
  try {
    open(await recordsOfFile(file));
  } catch (failure) {
    if (!(failure instanceof Unreadable)) throw failure;
    byId("result").hidden = true;
    byId("fault").textContent = `${file.name}: ${failure.message}`;
  }
}

function open(opened) {
  history = opened;
  byId("zone-choice").hidden = history.isLocal || history.zone !== "";
  byId("zone").value = HERE;
  const last = history.records.findLastIndex((record) => record.bg !== null);
  byId("origin").max = String(last);
  byId("origin").value = String(last);
  byId("result").hidden = false;
  byId("name").textContent = history.name;
  show();
}

async function show() {
  if (history === null) return;
  const question = ++newest;
  byId("result").ariaBusy = "true";
  const place = Number(byId("origin").value);
  const zone = history.isLocal ? "UTC" : history.zone || byId("zone").value;
  const forecast = await forecaster.forecast(history.records.slice(0, place + 1), zone);
  if (question !== newest) return;
  const unit = byId("units").value;
  const shown = { records: history.records, place, forecast, zone, unit, factor: FACTORS[unit] };
  const text = (glucose) => (glucose / shown.factor).toFixed(unit === "mg/dL" ? 0 : 1);
  const reading = history.records.slice(0, place + 1).findLast((record) => record.bg !== null);
  byId("number").textContent = reading ? text(reading.bg) : "–";
  byId("unit").textContent = unit;
  byId("read-at").textContent = `Read at ${timeText(reading?.time ?? history.records[place].time, zone)}`;
  byId("why").textContent = forecast.refused ?? "";
  byId("end").textContent = forecast.glucose ? endText(forecast, text, unit) : "";
  byId("origin").setAttribute("aria-valuetext", timeText(history.records[place].time, zone));
  byId("table").replaceChildren(...tableOf(shown, text));
  plot?.destroy();
  plot = draw(byId("picture"), shown);
  const canvas = byId("picture").querySelector("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Readings and forecast. ${byId("end").textContent} The table below has the numbers.`);
  byId("result").ariaBusy = "false";
}

function endText({ glucose, quantiles }, text, unit) {
  const [low, high] = [quantiles.at(-1)[1], quantiles.at(-1)[5]].map(text);
  return `${text(glucose.at(-1))} ${unit} in ${glucose.length * 5} min (8 times in 10 between ${low} and ${high})`;
}

function timeText(time, zone) {
  const text = time.toLocaleString(undefined, { timeZone: zone, dateStyle: "medium", timeStyle: "short" });
  return history.isLocal ? text : `${text} (${zone})`;
}

byId("file").addEventListener("change", ({ target }) => target.files[0] && take(target.files[0]));
byId("example").addEventListener("click", () => open(recordsOfCase(forecaster.vector.cases[0])));
for (const id of ["origin", "units", "zone"]) byId(id).addEventListener("input", show);
for (const [id, by] of [["earlier", -1], ["later", 1]]) {
  byId(id).addEventListener("click", () => {
    byId("origin").value = String(Number(byId("origin").value) + by);
    show();
  });
}

const drop = byId("drop");
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("is-over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("is-over");
  const [file] = event.dataTransfer.files;
  if (file && forecaster !== null) take(file);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
new ResizeObserver(() => plot?.setSize({ width: byId("picture").clientWidth, height: plot.height })).observe(byId("picture"));
