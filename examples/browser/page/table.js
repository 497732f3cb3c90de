// The forecast as a table, with what came where that is known.

const HEADS = ["time", "min ahead", "forecast", "80 % between", "what came"];

/** The table in a list, empty without a forecast. Each number keeps its full value in a `data` element. */
export function tableOf({ records, place, forecast, zone, unit }, text) {
  if (!forecast.glucose) return [];
  const table = document.createElement("table");
  table.createCaption().textContent = `The coming ${forecast.glucose.length * 5} minutes, ${unit}`;
  const head = table.createTHead().insertRow();
  for (const name of HEADS) head.append(cell("th", name, "col"));
  const body = table.createTBody();
  forecast.glucose.forEach((glucose, step) => {
    const time = new Date(records[place].time.getTime() + (step + 1) * 300_000);
    const came = records[place + step + 1]?.bg ?? null;
    const row = body.insertRow();
    row.append(cell("th", time.toLocaleTimeString(undefined, { timeZone: zone, timeStyle: "short" }), "row"));
    row.insertCell().textContent = String((step + 1) * 5);
    row.insertCell().append(number(glucose, text));
    const [low, high] = [1, 5].map((level) => number(forecast.quantiles[step][level], text));
    row.insertCell().append(low, " to ", high);
    row.insertCell().textContent = came === null ? "" : text(came);
  });
  return [table];
}

function cell(name, text, scope) {
  const made = document.createElement(name);
  made.textContent = text;
  made.scope = scope;
  return made;
}

function number(glucose, text) {
  const made = document.createElement("data");
  made.value = String(glucose);
  made.textContent = text(glucose);
  return made;
}
