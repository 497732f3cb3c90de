// The page: asks the service for what is to be shown, with every new outlook and whenever the reader chooses otherwise.

import { Ages } from "./ages.js";
import { Choices } from "./choices.js";
import { NeedsToken, ask, streamOf } from "./service.js";
import { Ringer } from "./ringer.js";
import { Scrubber } from "./scrubber.js";
import { byId } from "./elements.js";
import { show } from "./show.js";
import { signIn } from "./sign_in.js";

const SILENT_MS = 90_000; // A stream speaks at least every minute.
const RETRY_MS = 5_000;
const REDRAW_MS = 150;
const APART_MS = 400; // A fast demonstration has more to say than anybody can read.

const choices = new Choices(byId("choices"), byId("hours"));
const ages = new Ages(byId("age"), byId("read-at"));
const ringer = new Ringer(choices);
const scrubber = new Scrubber(byId("picture"), byId("scrub"), byId("pointed"));

let wearer = null;
let stream = null;
let newest = 0; // The last question that was asked; answers to earlier ones come too late.
let asked = -APART_MS;
let later = 0;

await begin();

async function begin() {
  try {
    const { wearers, demonstration } = await ask("v1/wearers");
    byId("sign-in").hidden = true;
    for (const id of ["live", "more"]) byId(id).hidden = wearers.length === 0; // The picture needs to know its width.
    byId("demonstration").hidden = !demonstration;
    offer(wearers.map(({ name }) => name));
    listen();
  } catch (failure) {
    if (failure instanceof NeedsToken) {
      connection("A token is needed");
      await signIn();
      byId("sign-out").hidden = false;
      return begin();
    }
    connection("The service does not answer");
    setTimeout(begin, RETRY_MS);
  }
}

function offer(names) {
  const select = byId("wearer");
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  const wanted = decodeURIComponent(location.hash.slice(1));
  wearer = names.includes(wanted) ? wanted : (names[0] ?? null);
  select.value = wearer ?? "";
  byId("who").textContent = names.length === 1 ? wearer : "";
  byId("wearer-choice").hidden = names.length < 2;
  byId("nobody").hidden = names.length > 0;
}

function listen() {
  stream?.close();
  if (wearer === null) {
    setTimeout(begin, RETRY_MS);
    return;
  }
  stream = streamOf(wearer, { heard: refresh, lost: () => setTimeout(begin, RETRY_MS), silentAfter: SILENT_MS });
  stream.onState = connection;
}

/** Ask at once, or as soon as enough time has passed since the last time. */
function refresh() {
  clearTimeout(later);
  later = setTimeout(askAndShow, Math.max(0, asked + APART_MS - performance.now()));
}

async function askAndShow() {
  const question = ++newest;
  asked = performance.now();
  const { unit, clock, hours } = choices;
  const width = Math.min(Math.max(Math.round(byId("picture").clientWidth), 240), 2000);
  const reader = new URLSearchParams({ unit, clock, hours, width });
  try {
    const told = await ask(`v1/wearers/${encodeURIComponent(wearer)}/page?${reader}`);
    if (question !== newest) return;
    show(told);
    ages.tell(told);
    scrubber.tell(told.picture.points);
    ringer.tell(told);
    connection("Live");
  } catch (failure) {
    if (failure instanceof NeedsToken) {
      stream?.close();
      await begin();
    } else if (question === newest) {
      connection("The service does not answer");
      later = setTimeout(refresh, RETRY_MS);
    }
  }
}

function connection(words) {
  const place = byId("connection");
  if (place.textContent !== words) place.textContent = words;
}

choices.onChange = refresh;
byId("wearer").addEventListener("change", (event) => {
  wearer = event.target.value;
  location.hash = encodeURIComponent(wearer);
  listen();
});
byId("sign-out").addEventListener("click", async () => {
  await ask("v1/session", { method: "DELETE" });
  location.reload();
});

let redraw = 0;
let drawnWidth = byId("picture").clientWidth;
new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width === 0 || Math.abs(contentRect.width - drawnWidth) < 2) return;
  drawnWidth = contentRect.width;
  clearTimeout(redraw);
  if (wearer !== null) redraw = setTimeout(refresh, REDRAW_MS);
}).observe(byId("picture"));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && wearer !== null) refresh();
});
