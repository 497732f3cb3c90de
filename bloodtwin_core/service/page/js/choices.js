// What the reader chose, kept on this device alone.

import { byId } from "./elements.js";

const KEPT = "bloodtwin";
const NARROW = 600;
const DARK = { device: "screen and (prefers-color-scheme: dark)", light: "not all", dark: "screen" };

export class Choices {
  onChange = () => {};
  onRing = () => {};

  constructor(...forms) {
    this.kept = { ...usual(), ...remembered() };
    for (const form of forms) {
      for (const input of form.querySelectorAll("input")) this.#follow(input);
    }
    this.#paint();
  }

  get unit() {
    return this.kept.unit;
  }

  get clock() {
    return this.kept.clock;
  }

  get hours() {
    return this.kept.hours;
  }

  get sound() {
    return this.kept.sound;
  }

  get notification() {
    return this.kept.notification;
  }

  get awake() {
    return this.kept.awake;
  }

  /** Change one choice, as the reader would. */
  set(name, value) {
    this.kept = { ...this.kept, [name]: value };
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.kept));
    } catch {
      // Private windows may refuse: the choice then holds until the page is closed.
    }
    for (const input of document.querySelectorAll(`input[name="${name}"]`)) check(input, value);
  }

  #follow(input) {
    check(input, this.kept[input.name]);
    input.addEventListener("change", () => {
      const isSwitch = input.type === "checkbox";
      this.set(input.name, isSwitch ? input.checked : input.value);
      this.#paint();
      if (isSwitch) this.onRing(input.name);
      else this.onChange();
    });
  }

  #paint() {
    byId("dark").media = DARK[this.kept.theme] ?? DARK.device;
  }
}

function check(input, value) {
  input.checked = input.type === "checkbox" ? value === true : input.value === value;
}

function usual() {
  const { hour12 } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
  return {
    unit: "mg/dL",
    clock: hour12 ? "12" : "24",
    hours: innerWidth < NARROW ? "3" : "6",
    theme: "device",
    sound: false,
    notification: false,
    awake: false,
  };
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}
