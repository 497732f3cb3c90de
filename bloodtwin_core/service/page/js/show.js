// Puts what the service said into its places.

import { byId, lines, made, say } from "./elements.js";

const ARROWS = {
  "falling fast": "down-fast",
  falling: "down",
  "falling slowly": "down-slowly",
  steady: "steady",
  "rising slowly": "up-slowly",
  rising: "up",
  "rising fast": "up-fast",
};
const SIDES = { "very low": "low", low: "low", high: "high", "very high": "high" };

export function show(told) {
  showNow(told);
  showOutlook(told);
  showPicture(told);
  showMore(told);
  document.title = told.reading && !isOld(told) ? `${told.reading.text} ${told.reading.direction}, ${told.wearer}` : told.wearer;
}

/** Whether the newest reading tells of another time. */
const isOld = ({ now, reading, stale_minutes: minutes }) => Date.parse(now) - Date.parse(reading.time) > minutes * 60_000;

function showNow({ reading, unit, zone, as_of: asOf }) {
  say("unit", unit);
  say("zone", zone);
  say("as-of", asOf);
  say("number", reading ? reading.text : "–");
  say("level", reading ? reading.level : "no reading");
  say("direction", reading ? reading.direction : "");
  say("change", reading?.change ?? "");
  const side = SIDES[reading?.level] ?? "";
  byId("level").className = `level ${side}`;
  byId("number").parentElement.className = `figure ${side ? `is-${side}` : ""}`;
  byId("arrow").setAttribute("class", `arrow ${ARROWS[reading?.direction] ?? "none"}`);
}

function showOutlook(told) {
  const { reading, said, end, refusals, doubts, unit } = told;
  byId("said").replaceChildren(
    ...lines("li", said.map(({ words, side, is_grave: grave }) => ({ text: words, kind: `${side ?? ""} ${grave ? "grave" : ""}` }))),
  );
  say("end", end);
  byId("reasons").replaceChildren(
    ...lines("li", [
      ...refusals.map(({ sentence }) => ({ text: `No forecast. ${sentence}`, kind: "refusal" })),
      ...doubts.map(({ sentence }) => ({ text: sentence })),
    ]),
  );
  const present = reading && !isOld(told);
  const now = present ? `${reading.text} ${unit}, ${reading.level}, ${reading.direction}` : "No present reading";
  say("summary", [now, ...said.map(({ words }) => words), ...refusals.map(({ sentence }) => sentence)].join(". "));
}

function showPicture({ picture, shares }) {
  const drawn = new DOMParser().parseFromString(picture.svg, "image/svg+xml").documentElement;
  byId("picture").replaceChildren(document.importNode(drawn, true));
  if (shares) say("shares", shares);
}

function showMore(told) {
  const { yesterday, refused_yesterday: refused, model, feeds, forecast, readings } = told;
  byId("yesterday").replaceChildren(
    yesterday.rows.length
      ? table(yesterday)
      : made("p", { text: "No forecast of yesterday could be held against a reading." }),
  );
  say("refused-yesterday", refused);
  byId("model").replaceChildren(...lines("p", [...model, ...feeds].map((text) => ({ text }))));
  byId("forecast-table").replaceChildren(forecast.rows.length ? table(forecast) : made("p", { text: "No forecast." }));
  byId("readings-table").replaceChildren(table(readings));
  say("ring-low", told.ring_low);
  say("ring-high", told.ring_high);
}

function table({ caption, columns, rows }) {
  const element = made("table");
  element.append(made("caption", { text: caption }));
  const head = element.createTHead().insertRow();
  head.append(...columns.map((text) => scoped("col", text)));
  const body = element.createTBody();
  for (const [first, ...cells] of rows) {
    const row = body.insertRow();
    row.append(scoped("row", first), ...cells.map((text) => made("td", { text })));
  }
  return element;
}

function scoped(scope, text) {
  const cell = made("th", { text });
  cell.scope = scope;
  return cell;
}
