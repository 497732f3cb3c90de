// Says what lies at a moment of the picture: under a mouse or finger, or where the slider stands.

const RESTING = "Point at the picture to read it";
const SVG = "http://www.w3.org/2000/svg";

export class Scrubber {
  #points = [];
  #chosen = null; // Distance from the end, so that it stays where it is when a reading comes; null: the newest reading.

  constructor(picture, slider, words) {
    Object.assign(this, { picture, slider, words });
    slider.addEventListener("input", () => this.#choose(Number(slider.value)));
    picture.addEventListener("pointermove", (event) => this.#nearest(event));
    picture.addEventListener("pointerdown", (event) => this.#nearest(event));
    picture.addEventListener("pointerleave", () => this.#release());
    slider.addEventListener("blur", () => this.#release());
  }

  /** Take the points of a new picture. */
  tell(points) {
    this.#points = points;
    this.slider.max = String(Math.max(points.length - 1, 0));
    this.slider.disabled = points.length === 0;
    this.#point();
  }

  #choose(place) {
    this.#chosen = this.#points.length - 1 - place;
    this.#point();
  }

  #release() {
    if (document.activeElement === this.slider) return;
    this.#chosen = null;
    this.#point();
  }

  #nearest({ clientX }) {
    const svg = this.picture.querySelector("svg");
    if (svg === null || this.#points.length === 0) return;
    const { left, width } = svg.getBoundingClientRect();
    const x = ((clientX - left) / width) * svg.viewBox.baseVal.width;
    const distances = this.#points.map((point) => Math.abs(point.x - x));
    this.#choose(distances.indexOf(Math.min(...distances)));
  }

  #point() {
    const last = this.#points.length - 1;
    const isResting = this.#chosen === null;
    const place = Math.max(0, last - Math.min(this.#chosen ?? 0, last));
    const point = this.#points[place];
    this.picture.querySelector(".pointer")?.remove();
    this.slider.value = String(place);
    this.slider.setAttribute("aria-valuetext", point ? point.words : "nothing to read");
    this.words.textContent = isResting || !point ? RESTING : point.words;
    this.words.classList.toggle("is-pointing", !isResting);
    if (!isResting && point) this.picture.querySelector("svg")?.append(pointer(point, this.picture));
  }
}

function pointer({ x, y }, picture) {
  const { height } = picture.querySelector("svg").viewBox.baseVal;
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", "pointer");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", `M${x} 20V${height - 24}`);
  const ring = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ cx: x, cy: y, r: 7 })) ring.setAttribute(name, value);
  group.append(line, ring);
  return group;
}
