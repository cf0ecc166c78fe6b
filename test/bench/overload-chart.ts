/** The drawings of an overload: what was asked for and what came of it, from half second to half second. */
import { type Drawing, type Frame, figure } from "../../chaos/page/frame.js";
import { html, type Markup } from "../../chaos/page/markup.js";
import { duration, linear, logarithmic, place, type Scale, tally } from "../../chaos/page/scale.js";
import { APART, axes, heightOf, heightWithAxis, levelMark, widthOf } from "./chart-axes.js";
import type { OverloadReport } from "./overload.js";
import { TIMELINE_SPAN_MS, type TimelineSpan } from "./told.js";

const MS_PER_SECOND = 1_000;
const LOWEST_MS = 0.1;

/** What is drawn. */
export type Course = Pick<
  OverloadReport,
  "timeline" | "burstMs" | "recoveredMs" | "capacity" | "loadedP99Ms"
>;

interface Line {
  readonly look: string;
  readonly name: string;
  readonly of: (span: TimelineSpan) => number | null;
}

const perSecond = (count: number) => (count * MS_PER_SECOND) / TIMELINE_SPAN_MS;

/** The one below first. */
const COUNTS: readonly Line[] = [
  { look: "slowest", name: "offered", of: ({ offered }) => perSecond(offered) },
  { look: "most", name: "refused", of: ({ refused }) => perSecond(refused) },
  { look: "median", name: "accepted", of: ({ accepted }) => perSecond(accepted) },
];
const WAITS: readonly Line[] = [
  { look: "most", name: "99 % within", of: ({ p99Ms }) => p99Ms },
  { look: "median", name: "median", of: ({ p50Ms }) => p50Ms },
];

export function overloadCharts(course: Course): Markup {
  // The last span is cut short by the end of all sending: it would look like a fall.
  const spans = course.timeline.slice(0, -1);
  if (spans.length === 0) return html`<p>Nothing was sent for half a second.</p>`;
  const { capacity, loadedP99Ms, recoveredMs } = course;
  const normal = recoveredMs === null ? "" : " Upright: from then on all is normal again.";
  const shaded = html`<span class="swatch gap"></span> the burst, until the usual clients have sent what they were late with.${normal}`;
  const done = html`${legend(COUNTS)}<br>Orders of all clients a second, each counted when it was sent or answered. Level, dashed: the ${tally(capacity)} orders a second of the capacity. ${shaded}`;
  const limit =
    loadedP99Ms === null
      ? ""
      : ` Level, dashed: twice the ${duration(loadedP99Ms)} within which 99 % were accepted before the burst.`;
  const waits = html`${legend(WAITS)}<br>From sending an order to its acceptance, of what was accepted in that half second.${limit} ${shaded}`;
  return html`<h2>What is asked for, and what is done</h2>${figure(
    `Orders offered, accepted and refused over ${secondsOf(spans)}`,
    (frame) => drawCounts(spans, course, frame),
    done,
  )}<h2>What clients wait</h2>${figure(
    `Waits over ${secondsOf(spans)}`,
    (frame) => drawWaits(spans, course, frame),
    waits,
  )}`;
}

function legend(lines: readonly Line[]): Markup {
  return html`${lines.map(({ look, name }) => html`<span class="swatch ${look}"></span> ${name} &#160; `)}`;
}

function secondsOf(spans: readonly TimelineSpan[]): string {
  return duration(spans.length * TIMELINE_SPAN_MS);
}

function drawCounts(spans: readonly TimelineSpan[], course: Course, frame: Frame): Drawing {
  const most = Math.max(1, course.capacity, ...valuesOf(spans, COUNTS));
  const y = linear([0, most], heightOf(frame), APART);
  const title = "orders a second";
  const plot = { spans, lines: COUNTS, y, title, say: tally, limit: course.capacity };
  return draw(plot, course, frame);
}

function drawWaits(spans: readonly TimelineSpan[], course: Course, frame: Frame): Drawing {
  const limit = course.loadedP99Ms === null ? null : 2 * course.loadedP99Ms;
  const values = [...valuesOf(spans, WAITS), ...(limit === null ? [] : [limit])];
  const least = Math.min(...values, 1);
  const y = logarithmic([Math.max(LOWEST_MS, least), Math.max(1, ...values)], heightOf(frame));
  const plot = { spans, lines: WAITS, y, title: "wait (logarithmic)", say: duration, limit };
  return draw(plot, course, frame);
}

function valuesOf(spans: readonly TimelineSpan[], lines: readonly Line[]): number[] {
  return spans.flatMap((span) => lines.flatMap(({ of }) => of(span) ?? []));
}

interface Plot {
  readonly spans: readonly TimelineSpan[];
  readonly lines: readonly Line[];
  readonly y: Scale;
  readonly title: string;
  readonly say: (tick: number) => string;
  readonly limit: number | null;
}

function draw(plot: Plot, { burstMs, recoveredMs }: Course, frame: Frame): Drawing {
  const { spans, lines, y, title, say, limit } = plot;
  const [fromMs, untilMs] = [spans[0]!.atMs, spans.at(-1)!.atMs + TIMELINE_SPAN_MS];
  const seconds = [fromMs / MS_PER_SECOND, untilMs / MS_PER_SECOND] as const;
  const x = linear(seconds, widthOf(frame), frame.apart);
  const acrossOf = (ms: number) =>
    place(x.at(Math.min(Math.max(ms, fromMs), untilMs) / MS_PER_SECOND));
  const [bottom, top] = heightOf(frame);
  const [begun, ended] = [acrossOf(0), acrossOf(burstMs)];
  const normal = recoveredMs === null ? null : acrossOf(burstMs + recoveredMs);
  const across = {
    scale: x,
    title: "since the burst began",
    say: (tick: number) => `${tick} s`,
  };
  const body = html`<rect class="gap" x="${begun}" y="${top}" width="${place(ended - begun)}" height="${bottom - top}"/>${axes(across, { scale: y, title, say }, frame)}${
    limit !== null && levelMark(y, limit, frame)
  }${normal !== null && html`<line class="mark resumed" x1="${normal}" x2="${normal}" y1="${top}" y2="${bottom}"/>`}${lines.map(
    ({ look, of }) => html`<path class="line ${look}" d="${pathOf(spans, of, x, y)}"/>`,
  )}`;
  return { height: heightWithAxis(frame), body };
}

/** In the midst of each span; with a gap where nothing is known. */
function pathOf(spans: readonly TimelineSpan[], of: Line["of"], x: Scale, y: Scale): string {
  let path = "";
  let isDown = false;
  for (const span of spans) {
    const value = of(span);
    if (value !== null) {
      const seconds = (span.atMs + TIMELINE_SPAN_MS / 2) / MS_PER_SECOND;
      const at = `${place(x.at(seconds))} ${place(y.at(value))}`;
      // A stroke without length is drawn as a dot.
      path += isDown ? `L${at}` : `M${at}L${at}`;
    }
    isDown = value !== null;
  }
  return path;
}
