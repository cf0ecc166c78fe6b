/** What clients wait, and how much is done, against how much is offered: a page that needs no other file. */
import { page } from "../../chaos/page/drill-page.js";
import { type Drawing, type Frame, figure, MARGIN } from "../../chaos/page/frame.js";
import { html, type Markup } from "../../chaos/page/markup.js";
import { duration, linear, logarithmic, place, type Scale } from "../../chaos/page/scale.js";
import type { E2eReport } from "./e2e.js";
import { ACCEPT_P99_LIMIT_MS, type Step } from "./sustained.js";

const PLOT = 220;
const ROOM = 6;
const LOWEST_MS = 0.1;
/** Marks of the upright axis are so far apart at least, in pixels. */
const APART = 44;

type Figure = "acceptMsP50" | "acceptMsP99" | "fillMsP50" | "fillMsP99" | "ordersPerSecond";
type Line = readonly [figure: Figure, look: string];
type Point = Pick<Step, "offeredPerSecond" | Figure>;

const LATENCIES: readonly Line[] = [
  ["fillMsP99", "slowest"],
  ["fillMsP50", "fill"],
  ["acceptMsP99", "most"],
  ["acceptMsP50", "median"],
];
const THROUGHPUT: readonly Line[] = [["ordersPerSecond", "median"]];

export function loadPage(report: E2eReport): string {
  const { steps, atEighty, quiet, sustainedOrdersPerSecond: sustained, machine } = report;
  const points = [quiet, ...(atEighty ? [atEighty] : []), ...steps];
  const title = `Latency and throughput against offered load: ${sustained} orders/s sustained`;
  const ran = Object.entries(machine).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  );
  return page(
    title,
    html`<h1>${title}</h1>${charts(points, sustained)}<h2>Where it ran</h2><dl>${ran}</dl>`,
  );
}

export function charts(points: readonly Point[], sustained: number): Markup {
  if (points.length === 0) return html`<p>No rate was offered.</p>`;
  const sorted = points.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond);
  const highest = Math.max(...sorted.map(({ offeredPerSecond }) => offeredPerSecond));
  const waits = html`<span class="swatch median"></span> accepted, median; <span class="swatch unanswered"></span> accepted, 99 %;
    <span class="swatch fill"></span> filled, median; <span class="swatch slowest"></span> filled, 99 %. Orders count from when they were due.
    Dashed: the rate that held, and the ${ACCEPT_P99_LIMIT_MS} ms within which 99 % have to be accepted.`;
  const done = html`Reported orders a second. On a straight line through the origin everything that is offered is done.`;
  return html`<h2>What clients wait</h2>${figure(
    `Latency up to ${highest} orders offered a second`,
    (frame) => drawWaits(sorted, sustained, frame),
    waits,
  )}<h2>What is done</h2>${figure(
    `Throughput up to ${highest} orders offered a second`,
    (frame) => drawDone(sorted, sustained, frame),
    done,
  )}`;
}

function drawWaits(points: readonly Point[], sustained: number, frame: Frame): Drawing {
  const values = points.flatMap((point) => LATENCIES.map(([figure]) => point[figure]));
  const bounds = [Math.max(LOWEST_MS, Math.min(...values)), Math.max(1, ...values)] as const;
  const y = logarithmic(bounds, [frame.font + PLOT, frame.font]);
  const limit = place(y.at(ACCEPT_P99_LIMIT_MS));
  const mark =
    Math.max(...values) >= ACCEPT_P99_LIMIT_MS &&
    html`<line class="mark" x1="${frame.gutter}" x2="${frame.width - MARGIN}" y1="${limit}" y2="${limit}"/>`;
  const drawing = draw(points, LATENCIES, sustained, y, duration, frame);
  return { ...drawing, body: html`${drawing.body}${mark}` };
}

function drawDone(points: readonly Point[], sustained: number, frame: Frame): Drawing {
  const most = Math.max(1, ...points.map(({ ordersPerSecond }) => ordersPerSecond));
  const y = linear([0, most], [frame.font + PLOT, frame.font], APART);
  return draw(points, THROUGHPUT, sustained, y, String, frame);
}

function draw(
  points: readonly Point[],
  lines: readonly Line[],
  sustained: number,
  y: Scale,
  say: (tick: number) => string,
  frame: Frame,
): Drawing {
  const { font, gutter, width, apart } = frame;
  const [top, bottom] = [font, font + PLOT];
  const highest = Math.max(...points.map(({ offeredPerSecond }) => offeredPerSecond));
  const x = linear([0, highest], [gutter, width - MARGIN], apart);
  const body = html`${x.ticks.map((tick) => {
    const at = place(x.at(tick));
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/><text class="soft" x="${at}" y="${bottom + font + ROOM}" text-anchor="middle">${tick}</text>`;
  })}${y.ticks.map((tick) => {
    const at = place(y.at(tick));
    return html`<line class="grid" x1="${gutter}" x2="${width - MARGIN}" y1="${at}" y2="${at}"/><text class="soft" x="${gutter - ROOM}" y="${place(at + font / 3)}" text-anchor="end">${say(tick)}</text>`;
  })}${
    sustained > 0 &&
    html`<line class="mark" x1="${place(x.at(sustained))}" x2="${place(x.at(sustained))}" y1="${top}" y2="${bottom}"/>`
  }${lines.map(([figure, look]) => html`<path class="line ${look}" d="${pathOf(points, figure, x, y)}"/>`)}`;
  return { height: bottom + 2 * font + 2 * ROOM, body };
}

/** A stroke without length is drawn as a dot. */
function pathOf(points: readonly Point[], figure: Figure, x: Scale, y: Scale): string {
  const places = points.map(
    (point) => `${place(x.at(point.offeredPerSecond))} ${place(y.at(point[figure]))}`,
  );
  return `M${places[0]}L${places.join("L")}`;
}
