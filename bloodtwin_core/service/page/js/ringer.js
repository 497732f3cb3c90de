// Rings while the page is open: a sound, a notification, and what is needed for both.

import { byId, say } from "./elements.js";

const MINUTE_MS = 60_000;
const AGAIN_MS = 15 * MINUTE_MS;
const OVER_MS = 15 * MINUTE_MS;
const QUIET_MS = 30 * MINUTE_MS;
const TONES = { below: [880, 660, 880, 660], above: [440, 550, 440, 550] }; // Hz, one after the other
const TONE_SECONDS = 0.22;

/**
 * When to ring, told of alerts as they come. What may come rings once, and then not until the minutes of its rule are
 * over; what is so rings when it begins and again while it lasts. Neither rings for what has just been, or while quiet.
 */
export class Bell {
  #rung = new Map(); // side: when it rang last
  #was = new Map(); // side: when glucose was last beyond the limit
  #quietUntil = 0;

  /** The alerts of these that ring now (milliseconds). */
  due(alerts, now) {
    return alerts.filter(({ side, minutes }) => {
      const sinceRung = now - (this.#rung.get(side) ?? -Infinity);
      const sinceBeyond = now - (this.#was.get(side) ?? -Infinity);
      const isNow = minutes === 0;
      if (isNow) this.#was.set(side, now);
      const isNew = sinceBeyond > OVER_MS;
      const isDue = isNow ? isNew || sinceRung >= AGAIN_MS : isNew && sinceRung >= minutes * MINUTE_MS;
      const rings = isDue && now >= this.#quietUntil;
      if (rings) this.#rung.set(side, now);
      return rings;
    });
  }

  /** Ring no more for a while. */
  quiet(now) {
    this.#quietUntil = now + QUIET_MS;
  }
}

export class Ringer {
  #bell = new Bell();
  #audio = null;
  #lock = null;
  #worker = null;

  constructor(choices) {
    this.choices = choices;
    choices.onRing = (name) => this.#switched(name);
    byId("quiet").addEventListener("click", () => {
      this.#bell.quiet(Date.now());
      byId("ringing").hidden = true;
    });
    // Browsers let a page sound only after somebody has touched it.
    document.addEventListener("pointerdown", () => this.#wake(), { once: true });
    document.addEventListener("keydown", () => this.#wake(), { once: true });
    document.addEventListener("visibilitychange", () => this.#stayAwake());
    this.#prepare();
  }

  /** Take what the service said. */
  tell({ alerts, wearer }) {
    const due = this.#bell.due(alerts, Date.now());
    if (alerts.length === 0) byId("ringing").hidden = true;
    if (due.length === 0 || !(this.choices.sound || this.choices.notification)) return;
    const words = due.map((alert) => alert.words).join(". ");
    say("ringing-words", words);
    byId("ringing").hidden = false;
    if (this.choices.sound) this.#sound(TONES[due[0].side]);
    if (this.choices.notification) this.#notify(wearer, words);
  }

  async #switched(name) {
    const fault = await this.#tried(name);
    say("choices-fault", fault);
    if (fault) this.choices.set(name, false);
  }

  /** What a switch needs, and why it cannot be had; empty where it can. */
  async #tried(name) {
    if (name === "awake") return this.#stayAwake();
    if (name === "sound" && this.choices.sound) {
      this.#wake();
      this.#sound([660]);
    }
    if (name === "notification" && this.choices.notification) return this.#prepare();
    return "";
  }

  /** Ask for what notifications need. */
  async #prepare() {
    if (!this.choices.notification) return "";
    if (!("Notification" in window) || !("serviceWorker" in navigator)) {
      return "This browser shows notifications only over HTTPS, or on this machine itself.";
    }
    if ((await Notification.requestPermission()) !== "granted") return "The browser does not allow notifications here.";
    await navigator.serviceWorker.register("worker.js");
    this.#worker = await navigator.serviceWorker.ready;
    return "";
  }

  async #notify(wearer, words) {
    await this.#worker?.showNotification(wearer, { body: words, tag: "bloodtwin", renotify: true, icon: "icon.svg" });
  }

  #wake() {
    if (!this.choices.sound) return;
    this.#audio ??= new AudioContext();
    this.#audio.resume();
  }

  #sound(tones) {
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume();
    const begin = this.#audio.currentTime + 0.05;
    tones.forEach((tone, place) => {
      const oscillator = new OscillatorNode(this.#audio, { frequency: tone, type: "triangle" });
      const volume = new GainNode(this.#audio, { gain: 0 });
      const start = begin + place * TONE_SECONDS;
      volume.gain.setValueAtTime(0.5, start);
      volume.gain.exponentialRampToValueAtTime(0.01, start + TONE_SECONDS);
      oscillator.connect(volume).connect(this.#audio.destination);
      oscillator.start(start);
      oscillator.stop(start + TONE_SECONDS);
    });
  }

  /** Hold the screen on while the page is seen, if that is wanted. */
  async #stayAwake() {
    if (!this.choices.awake) {
      await this.#lock?.release();
      this.#lock = null;
      return "";
    }
    if (!("wakeLock" in navigator)) return "This browser cannot keep the screen on, or only over HTTPS.";
    if (document.hidden) return "";
    try {
      this.#lock = await navigator.wakeLock.request("screen");
      return "";
    } catch {
      return "The device does not keep the screen on now, perhaps to save its battery.";
    }
  }
}
