/** The drawings of a load: what clients wait, and how much is done, against how much is offered. */
import { type Drawing, type Frame, figure } from "../../chaos/page/frame.js";
import { html, type Markup } from "../../chaos/page/markup.js";
import { duration, linear, logarithmic, place, type Scale } from "../../chaos/page/scale.js";
import { APART, axes, heightOf, heightWithAxis, levelMark, widthOf } from "./chart-axes.js";
import {
  ACCEPT_P99_LIMIT_MS,
  type BrokenBy,
  LATE_SHARE_MAX,
  REPORTED_SHARE_MIN,
  TURNED_AWAY_SHARE_MAX,
} from "./phase-verdict.js";
import type { Step } from "./sustained.js";

const LOWEST_MS = 0.1;
const DOT_RADIUS = 3.5;

type Figure = "acceptMsP50" | "accepted99PercentMs" | "fillMsP50" | "fillMsP99" | "ordersPerSecond";
interface Line {
  readonly figure: Figure;
  readonly look: string;
  readonly name: string;
  readonly say: (value: number) => string;
}

/** One rate that was offered. */
export type Offer = Pick<Step, "offeredPerSecond" | "seconds" | "brokenBy" | Figure>;

const LATENCIES: readonly Line[] = [
  { figure: "fillMsP99", look: "slowest", name: "filled, 99 %", say: duration },
  { figure: "fillMsP50", look: "fill", name: "filled, median", say: duration },
  { figure: "accepted99PercentMs", look: "most", name: "99 % of all accepted in", say: duration },
  { figure: "acceptMsP50", look: "median", name: "accepted, median", say: duration },
];
const THROUGHPUT: readonly Line[] = [
  { figure: "ordersPerSecond", look: "median", name: "reported", say: rate },
];

const percent = (share: number) => `${Number((share * 100).toFixed(1))} %`;

export const BROKEN_WORDS: Readonly<Record<BrokenBy, string>> = {
  loss: "some orders were never reported",
  latency: `99 % were not accepted within ${ACCEPT_P99_LIMIT_MS} ms`,
  throughput: `less than ${percent(REPORTED_SHARE_MIN)} were reported in time`,
  refusals: `more than ${percent(TURNED_AWAY_SHARE_MAX)} were turned away`,
  clients: `the load processes sent more than ${percent(LATE_SHARE_MAX)} late, which says nothing of the exchange`,
};

export function charts(offers: readonly Offer[], sustained: number): Markup {
  if (offers.length === 0) return html`<p>No rate was offered.</p>`;
  const sorted = offers.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond);
  const highest = rate(sorted.at(-1)!.offeredPerSecond);
  const held = sustained > 0 && html`Upright, dashed: the rate that was sustained. `;
  const waits = html`${LATENCIES.toReversed().map(
    ({ look, name }) => html`<span class="swatch ${look}"></span> ${name} &#160; `,
  )}<br>Orders count from when they were due. ${held}Level, dashed: the ${ACCEPT_P99_LIMIT_MS} ms within which 99 % have to be accepted. ${brokenLegend(sorted)}`;
  const done = html`<span class="swatch median"></span> orders a second whose client had their report. Dashed from corner to corner: everything that is offered is done. ${held}Points are full or not as above.`;
  return html`<h2>What clients wait</h2>${figure(
    `Latency up to ${highest} offered`,
    (frame) => drawWaits(sorted, sustained, frame),
    waits,
  )}<h2>What is done</h2>${figure(
    `Throughput up to ${highest} offered`,
    (frame) => drawDone(sorted, sustained, frame),
    done,
  )}`;
}

/** What broke those whose points are hollow. */
function brokenLegend(offers: readonly Offer[]): Markup {
  const broken = offers.filter(({ brokenBy }) => brokenBy !== null);
  if (broken.length === 0) return html`Full points: the rate held.`;
  const kinds = [...new Set(broken.map(({ brokenBy }) => brokenBy!))];
  const why = kinds.map((kind) => {
    const rates = broken.filter(({ brokenBy }) => brokenBy === kind);
    return `at ${rates.map(({ offeredPerSecond }) => offeredPerSecond.toLocaleString("en")).join(", ")}/s ${BROKEN_WORDS[kind]}`;
  });
  return html`Full points: the rate held. Hollow: it did not; ${why.join("; ")}.`;
}

function drawWaits(offers: readonly Offer[], sustained: number, frame: Frame): Drawing {
  const values = offers.flatMap((offer) => LATENCIES.flatMap(({ figure }) => offer[figure] ?? []));
  const bounds = [
    Math.max(LOWEST_MS, Math.min(ACCEPT_P99_LIMIT_MS, ...values)),
    Math.max(ACCEPT_P99_LIMIT_MS, ...values),
  ] as const;
  const y = logarithmic(bounds, heightOf(frame));
  const mark = () => levelMark(y, ACCEPT_P99_LIMIT_MS, frame);
  const says = { title: "latency (logarithmic)", say: duration };
  return draw({ offers, lines: LATENCIES, sustained, y, mark, ...says }, frame);
}

/** Both axes end at the same rate, so that the line of all that is offered goes from corner to corner. */
function drawDone(offers: readonly Offer[], sustained: number, frame: Frame): Drawing {
  const offered = offers.at(-1)!.offeredPerSecond;
  const most = Math.max(1, offered, ...offers.map(({ ordersPerSecond }) => ordersPerSecond));
  const y = linear([0, most], heightOf(frame), APART);
  const mark = (x: Scale) =>
    html`<line class="mark all" x1="${place(x.at(0))}" y1="${place(y.at(0))}" x2="${place(x.at(offered))}" y2="${place(y.at(offered))}"/>`;
  const says = {
    title: "reported, orders a second",
    say: (tick: number) => tick.toLocaleString("en"),
  };
  return draw({ offers, lines: THROUGHPUT, sustained, y, mark, ...says }, frame);
}

interface Plot {
  readonly offers: readonly Offer[];
  readonly lines: readonly Line[];
  readonly sustained: number;
  readonly y: Scale;
  readonly title: string;
  readonly say: (tick: number) => string;
  /** A line of its own, beneath the others. */
  readonly mark: (x: Scale) => Markup;
}

function draw({ offers, lines, sustained, y, title, say, mark }: Plot, frame: Frame): Drawing {
  const [bottom, top] = heightOf(frame);
  const x = linear([0, offers.at(-1)!.offeredPerSecond], widthOf(frame), frame.apart);
  const across = {
    scale: x,
    title: "offered, orders a second",
    say: (tick: number) => tick.toLocaleString("en"),
  };
  const body = html`${axes(across, { scale: y, title, say }, frame)}${mark(x)}${
    sustained > 0 &&
    html`<line class="mark" x1="${place(x.at(sustained))}" x2="${place(x.at(sustained))}" y1="${top}" y2="${bottom}"/>`
  }${lines.map(({ figure, look }) => html`<path class="line ${look}" d="${pathOf(offers, figure, x, y)}"/>`)}${lines.map(
    (line) => html`${offers.map((offer) => dot(offer, line, x, y))}`,
  )}`;
  return { height: heightWithAxis(frame), body };
}

/** With what it stands for, for whoever points at it. Hollow where the rate did not hold, none where nothing is known. */
function dot(offer: Offer, { figure, look, name, say }: Line, x: Scale, y: Scale): Markup {
  const { offeredPerSecond, brokenBy, [figure]: value } = offer;
  if (value === null) return html``;
  const end = brokenBy === null ? "held" : `broken: ${BROKEN_WORDS[brokenBy]}`;
  const says = `${rate(offeredPerSecond)} offered; ${name}: ${say(value)}; ${end}`;
  const hollow = brokenBy === null ? "" : " hollow";
  return html`<circle class="point ${look}${hollow}" cx="${place(x.at(offeredPerSecond))}" cy="${place(y.at(value))}" r="${DOT_RADIUS}"><title>${says}</title></circle>`;
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString("en")} orders/s`;
}

/** A stroke without length is drawn as a dot, what is not known not at all. */
function pathOf(offers: readonly Offer[], figure: Figure, x: Scale, y: Scale): string {
  const places = offers.flatMap((offer) => {
    const value = offer[figure];
    return value === null ? [] : [`${place(x.at(offer.offeredPerSecond))} ${place(y.at(value))}`];
  });
  return places.length === 0 ? "" : `M${places[0]}L${places.join("L")}`;
}
