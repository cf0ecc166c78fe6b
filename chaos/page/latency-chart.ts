/** How long clients waited over the time of the drill, on a scale of powers of ten, and how many orders they sent. */
import type { LatencyBucket } from "../evidence/latency.js";
import type { DrillRecord } from "../evidence/record.js";
import { type Drawing, type Frame, figure, MARGIN, textWidth } from "./frame.js";
import { html, type Markup } from "./markup.js";
import { duration, linear, logarithmic, place, roundUp, type Scale } from "./scale.js";

const PLOT = 200;
const BARS = 56;
const ROOM = 6;
/** The rounds' numbers stand so far above the plot that the uppermost mark of its axis has room. */
const ROUNDS_ABOVE = 2 * ROOM;
/** Between the two plots. */
const BETWEEN = 22;
const LOWEST_MS = 0.1;

type Figure = "answerP50" | "answerMax" | "fillP50" | "fillMax";
/** What is drawn: of `timeline` the blows. */
export type Waits = Pick<DrillRecord, "latency" | "timeline">;

/** The one below first. */
const LINES: readonly (readonly [Figure, string])[] = [
  ["answerMax", "slowest"],
  ["fillP50", "fill"],
  ["answerP50", "median"],
];

/** `fill`: what is called a fill in it, in words. */
export function latencyChart(waits: Waits, fill: string): Markup {
  const { bucketMs, buckets } = waits.latency;
  const told = buckets.flatMap(({ answerMax }) => answerMax ?? []);
  if (told.length === 0) return html`<p>No order was answered while the drill went on.</p>`;
  const slowest = duration(Math.max(...told));
  const says = `Time to the first answer over the drill, in steps of ${duration(bucketMs)}; the slowest took ${slowest}`;
  const caption = html`Orders sent in each ${duration(bucketMs)}: <span class="swatch median"></span> median time to the first
    answer, <span class="swatch slowest"></span> the slowest answer, <span class="swatch fill"></span> median time to ${fill}. Below: orders a second that were <span class="swatch answered"></span> answered, and
    <span class="swatch unanswered"></span> not. Upright lines: blows. An order counts where it was sent, however late its answer came.`;
  return figure(says, (frame) => draw(waits, frame), caption);
}

function draw(waits: Waits, frame: Frame): Drawing {
  const { bucketMs, buckets } = waits.latency;
  const values = buckets.flatMap((bucket) => LINES.flatMap(([figure]) => bucket[figure] ?? []));
  const top = frame.font + ROOM + ROUNDS_ABOVE;
  const range = [frame.gutter, frame.width - MARGIN] as const;
  const x = linear([0, (buckets.length * bucketMs) / 1_000], range, frame.apart);
  const bounds = [Math.max(LOWEST_MS, Math.min(...values)), Math.max(1, ...values)] as const;
  const y = logarithmic(bounds, [top + PLOT, top]);
  const barsTop = top + PLOT + BETWEEN + frame.font;
  const bottom = barsTop + BARS;
  const body = html`${timeAxis(x, frame, [top, bottom])}${waitAxis(y, frame)}${blows(waits, x, frame, [top, bottom])}${LINES.map(
    ([figure, look]) =>
      html`<path class="line ${look}" d="${pathOf(buckets, bucketMs, figure, x, y)}"/>`,
  )}<text class="soft" x="${frame.gutter}" y="${barsTop - ROOM}">orders a second</text>${bars(waits, x, frame, [barsTop, bottom])}`;
  return { height: bottom + frame.font + 3 * ROOM, body };
}

function timeAxis(x: Scale, { font }: Frame, [top, bottom]: readonly [number, number]): Markup {
  return html`${x.ticks.map((tick) => {
    const at = place(x.at(tick));
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/><text class="soft" x="${at}" y="${bottom + font + ROOM}" text-anchor="middle">${tick} s</text>`;
  })}`;
}

function waitAxis(y: Scale, { gutter, width, font }: Frame): Markup {
  return html`${y.ticks.map((tick) => {
    const at = place(y.at(tick));
    return html`<line class="grid" x1="${gutter}" x2="${width - MARGIN}" y1="${at}" y2="${at}"/><text class="soft" x="${gutter - ROOM}" y="${place(at + font / 3)}" text-anchor="end">${duration(tick)}</text>`;
  })}`;
}

/** Each with its round's number above, where there is room for it. */
function blows(
  { timeline }: Waits,
  x: Scale,
  frame: Frame,
  [top, bottom]: readonly [number, number],
) {
  let free = 0;
  const lines = timeline
    .filter(({ kind }) => kind === "struck")
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ round, atMs }) => {
      const at = place(x.at(atMs / 1_000));
      const text = `${round}`;
      const half = textWidth(text, frame) / 2;
      const hasRoom = at - half > free;
      if (hasRoom) free = at + half + ROOM;
      return html`<line class="mark struck" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>${
        hasRoom &&
        html`<text x="${at}" y="${top - ROUNDS_ABOVE}" text-anchor="middle">${text}</text>`
      }`;
    });
  return html`${lines.length > 0 && html`<text class="soft" x="0" y="${top - ROUNDS_ABOVE}">round</text>`}${lines}`;
}

function pathOf(
  buckets: readonly LatencyBucket[],
  bucketMs: number,
  figure: Figure,
  x: Scale,
  y: Scale,
): string {
  let path = "";
  let isDown = false;
  for (const bucket of buckets) {
    const value = bucket[figure];
    if (value !== null) {
      const at = `${place(x.at((bucket.atMs + bucketMs / 2) / 1_000))} ${place(y.at(value))}`;
      // A stroke without length is drawn as a dot.
      path += isDown ? `L${at}` : `M${at}L${at}`;
    }
    isDown = value !== null;
  }
  return path;
}

function bars(
  { latency: { bucketMs, buckets } }: Waits,
  x: Scale,
  { gutter, width, font }: Frame,
  [top, bottom]: readonly [number, number],
): Markup {
  const perSecond = (count: number) => (count * 1_000) / bucketMs;
  const most = roundUp(Math.max(1, ...buckets.map(({ sent }) => perSecond(sent))));
  const y = linear([0, most], [bottom, top], BARS);
  const wide = place(x.at(bucketMs / 1_000) - x.at(0));
  const drawn = buckets.map(({ atMs, sent, answered }) => {
    const left = place(x.at(atMs / 1_000));
    const [all, told] = [place(y.at(perSecond(sent))), place(y.at(perSecond(answered)))];
    return html`${answered > 0 && html`<rect class="answered" x="${left}" y="${told}" width="${wide}" height="${place(bottom - told)}"/>`}${
      sent > answered &&
      html`<rect class="unanswered" x="${left}" y="${all}" width="${wide}" height="${place(told - all)}"/>`
    }`;
  });
  const marks = y.ticks.map((tick) => {
    const at = place(y.at(tick));
    return html`<line class="grid" x1="${gutter}" x2="${width - MARGIN}" y1="${at}" y2="${at}"/><text class="soft" x="${gutter - ROOM}" y="${place(at + font / 3)}" text-anchor="end">${tick}</text>`;
  });
  return html`${marks}${drawn}`;
}
