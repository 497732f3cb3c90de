// How old the newest reading is, counted on while the page is open, also when nothing is heard any more.

import { byId } from "./elements.js";

const MINUTE = 60;

export class Ages {
  #told = null;

  constructor(age, readAt) {
    this.age = age;
    this.readAt = readAt;
    setInterval(() => this.#tick(), 1000);
  }

  /** Take what the service said: its own clock counts, and not that of this device. */
  tell({ now, speed, reading, unit, stale_minutes: staleMinutes }) {
    const age = reading ? (Date.parse(now) - Date.parse(reading.time)) / 1000 : null;
    this.#told = { age, speed, staleMinutes, unit, reading, heard: performance.now() };
    this.readAt.dateTime = reading?.time ?? "";
    this.#tick();
  }

  #tick() {
    const told = this.#told;
    if (told === null || told.reading === null) {
      this.age.textContent = this.readAt.textContent = "";
      return;
    }
    const { text, at } = told.reading;
    const seconds = told.age + ((performance.now() - told.heard) / 1000) * told.speed;
    const isOld = seconds > told.staleMinutes * MINUTE;
    this.age.textContent = `${inWords(seconds)} ago`;
    this.age.classList.toggle("is-old", isOld);
    // A number from another time must not look like the present one.
    byId("number").textContent = isOld ? "– –" : text;
    this.readAt.textContent = isOld ? `Last ${text} ${told.unit} at ${at},` : at;
    byId("live").classList.toggle("has-old-reading", isOld);
  }
}

/** A span of seconds as people say it. */
export function inWords(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / MINUTE));
  if (minutes < 1) return `${Math.max(0, Math.floor(seconds))} s`;
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
