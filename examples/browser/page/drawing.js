// The picture: readings as points, the forecast as a line in its bands, drawn by uPlot in the colours of bloodTwin.

import uPlot from "./lib/uPlot.esm.js";

const RECORD_SECONDS = 300;
const HISTORY_RECORDS = 60;
const TARGET = [70, 180]; // mg/dL
const HEIGHT = 360;
const FAN_OPACITY = 0.18;
const PAIRS = [
  [0, 6],
  [1, 5],
  [2, 4],
]; // Bounds of the bands among the quantiles, the widest first.

/**
 * Draw into a place. shown: `{records, place, forecast, factor, unit, zone}`: records up to `place` were known, later
 * ones came afterwards; factor: mg/dL in one of the unit. Returns the plot, to be destroyed before the next.
 */
export function draw(place, shown) {
  const colours = coloursOf(place);
  const { data, steps } = columnsOf(shown);
  const series = [{}, points("reading", colours.ink, true), points("what came", colours.ink, false)];
  const bands = [];
  for (const [low, high] of steps ? PAIRS : []) {
    bands.push({ series: [series.length + 1, series.length], fill: translucent(colours.fan) });
    series.push(bound(`${low}`), bound(`${high}`));
  }
  if (steps) series.push({ label: "forecast", stroke: colours.fan, width: 2.5, points: { show: false } });
  return new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: (second) => uPlot.tzDate(new Date(second * 1000), shown.zone),
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_plot, low, high) => rangeOf(low, high, shown.factor) } },
      axes: [
        { ...axis(colours), space: 80, values: (_plot, seconds) => seconds.map((second) => hour(second, shown.zone)) },
        {
          ...axis(colours),
          size: 52,
          label: shown.unit,
          labelSize: 18,
          splits: (plot) => splitsOf(plot.scales.y, shown.factor),
          values: (_plot, ticks) => ticks.map((tick) => tick.toFixed(shown.factor === 1 ? 0 : 1)),
        },
      ],
      series,
      bands,
      hooks: { drawClear: [(plot) => target(plot, shown, colours)], drawAxes: [(plot) => borders(plot, shown, colours)] },
    },
    data,
    place,
  );
}

function columnsOf({ records, place, forecast, factor }) {
  const horizon = forecast.glucose?.length ?? 12;
  const first = Math.max(0, place - HISTORY_RECORDS);
  const origin = records[place].time.getTime() / 1000;
  const length = place - first + 1 + horizon;
  const times = Array.from({ length }, (_, row) => origin + (row - (place - first)) * RECORD_SECONDS);
  const bg = (row) => (records[first + row]?.bg ?? null) && records[first + row].bg / factor;
  const isKnown = (row) => first + row <= place;
  const data = [times, times.map((_, row) => (isKnown(row) ? bg(row) : null)), times.map((_, row) => (isKnown(row) ? null : bg(row)))];
  if (!forecast.glucose) return { data, steps: 0 };
  const last = records.slice(0, place + 1).findLast((record) => record.bg !== null).bg;
  const ahead = (values) => times.map((_, row) => (first + row < place ? null : (values[first + row - place - 1] ?? last) / factor));
  for (const [low, high] of PAIRS) {
    data.push(ahead(forecast.quantiles.map((row) => row[low])), ahead(forecast.quantiles.map((row) => row[high])));
  }
  data.push(ahead(forecast.glucose));
  return { data, steps: forecast.glucose.length };
}

function rangeOf(low, high, factor) {
  return [Math.min(40 / factor, low ?? Infinity), Math.max(220 / factor, (high ?? 0) * 1.04)];
}

/** The ends of the target range, and round numbers of the unit that are not too near to them. */
function splitsOf({ min, max }, factor) {
  const [limits, step] = [TARGET.map((limit) => limit / factor), factor === 1 ? 50 : 3];
  const round = Array.from({ length: Math.floor(max / step) }, (_, place) => (place + 1) * step);
  const apart = round.filter((tick) => tick >= min && limits.every((limit) => Math.abs(tick - limit) * factor > 12));
  return [...apart, ...limits].sort((one, other) => one - other);
}

const hour = (second, timeZone) => new Date(second * 1000).toLocaleTimeString(undefined, { timeZone, timeStyle: "short" });

function coloursOf(place) {
  const style = getComputedStyle(place);
  const colour = (name) => style.getPropertyValue(`--bt-${name}`).trim();
  return { ink: colour("ink"), soft: colour("soft"), line: colour("line"), fan: colour("fan"), target: colour("target") };
}

const translucent = (colour) => `${colour}${Math.round(FAN_OPACITY * 255).toString(16).padStart(2, "0")}`;

const bound = (label) => ({ label, stroke: "transparent", width: 0, points: { show: false } });

const points = (label, colour, isFilled) => ({
  label,
  stroke: colour,
  paths: () => null,
  points: { show: true, size: 6, fill: isFilled ? colour : "transparent", stroke: colour },
});

const axis = ({ soft, line }) => ({
  stroke: soft,
  grid: { stroke: line, width: 1 },
  ticks: { stroke: line, width: 1 },
  font: "14px system-ui, sans-serif",
  labelFont: "14px system-ui, sans-serif",
});

/** The target range, behind everything. */
function target({ ctx, bbox, valToPos }, { factor }, { target: green }) {
  const [low, high] = TARGET.map((limit) => valToPos(limit / factor, "y", true));
  ctx.save();
  ctx.fillStyle = `${green}1a`;
  ctx.fillRect(bbox.left, high, bbox.width, low - high);
  ctx.restore();
}

/** Its limits, dashed, and a line where the forecast starts, before the lines of the axes. */
function borders({ ctx, bbox, valToPos }, { records, place, factor }, { target: green, soft }) {
  const origin = valToPos(records[place].time.getTime() / 1000, "x", true);
  ctx.save();
  for (const limit of TARGET) {
    const at = valToPos(limit / factor, "y", true);
    line(ctx, green, [6, 5], [bbox.left, at, bbox.left + bbox.width, at]);
  }
  line(ctx, soft, [2, 4], [origin, bbox.top, origin, bbox.top + bbox.height]);
  ctx.restore();
}

function line(ctx, colour, dashes, [fromX, fromY, toX, toY]) {
  ctx.beginPath();
  ctx.setLineDash(dashes);
  ctx.strokeStyle = colour;
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
