/** A round as it went: the fault, who led what, and what each symbol answered, above one axis of time. */
import type { TimelineKind } from "../stage/timeline.js";
import { type Drawing, type Frame, figure, fitted, MARGIN, textWidth } from "./frame.js";
import { html, type Markup } from "./markup.js";
import type { ActorLane, FaultLane, Reign, RoundView, Span, SymbolLane } from "./round-view.js";
import { duration, linear, place, type Scale } from "./scale.js";

const LANE = 24;
const BAR = 16;
const ACTORS_MAX = 14;
const SYMBOLS_MAX = 12;
const NODE_COLOURS = 5;
const BEAT_RADIUS = 3;
/** Of a label's line, above and below its letters. */
const LABEL_ROOM = 6;

const MARKED: Partial<Record<TimelineKind, string>> = {
  struck: "blow",
  resumed: "first fill",
  allResumed: "all fill again",
  bitten: "proved",
  healed: "healed",
  again: "applies again",
};

interface Pane {
  readonly frame: Frame;
  readonly x: Scale;
  readonly top: number;
}

/** `gap`: what is drawn as one, in words. */
export function roundChart(view: RoundView, gap = gapOf(view)): Markup {
  const { actors, symbols } = view;
  const more = [
    actors.length > ACTORS_MAX && `${actors.length - ACTORS_MAX} more actors that changed`,
    view.unmoved > 0 && `${view.unmoved} actors whose leader stayed`,
    symbols.length > SYMBOLS_MAX && `${symbols.length - SYMBOLS_MAX} more symbols`,
  ].filter((text) => text !== false);
  const isStruck = view.events.some(({ kind }) => kind === "struck");
  const caption = html`Seconds since ${isStruck ? "the blow" : "the round began"}. ${
    actors.length > 0 &&
    html`Bars: which node led an actor, under which token; gaps in them: nobody did. `
  }${more.length > 0 && `Not drawn: ${more.join(", ")}. `}${
    symbols.length > 0 &&
    html`<span class="dot ok"></span> a symbol answered an order within a second, <span class="cross bad">✕</span> it did not. `
  }${view.gap && html`<span class="swatch gap"></span> ${gap}.`}`;
  const says = `Round ${view.number}: ${view.events
    .filter(({ kind }) => MARKED[kind])
    .map(({ kind, atMs }) => `${MARKED[kind]} at ${duration(atMs - view.zeroMs)}`)
    .join(", ")}`;
  return figure(says, (frame) => draw(view, frame), caption);
}

function gapOf({ stoodStill }: RoundView): string {
  return stoodStill === null
    ? "from the blow to the first fill"
    : `${stoodStill} applied nothing while it moved`;
}

function draw(view: RoundView, frame: Frame): Drawing {
  const { shown, zeroMs } = view;
  const range = [frame.gutter, frame.width - MARGIN] as const;
  const span = [shown.fromMs - zeroMs, shown.toMs - zeroMs] as const;
  const x = linear(span, range, frame.apart);
  const labels = labelsOf(view, { frame, x, top: 0 });
  const actors = view.actors.slice(0, ACTORS_MAX);
  const symbols = view.symbols.slice(0, SYMBOLS_MAX);
  const top = labels.height;
  const faultLanes = view.faults.length;
  const lanes = faultLanes + actors.length + symbols.length;
  const bottom = top + lanes * LANE + LABEL_ROOM;
  const height = bottom + frame.font + 2 * LABEL_ROOM;
  const lane = (at: number): Pane => ({ frame, x, top: top + at * LANE });
  const body = html`${view.gap && band(view.gap, zeroMs, x, [top, bottom])}${axis(x, frame, [top, bottom])}${labels.body(
    bottom,
  )}${view.faults.map((fault, at) => faultLane(fault, zeroMs, lane(at)))}${actors.map((actor, at) =>
    actorLane(actor, zeroMs, lane(faultLanes + at)),
  )}${symbols.map((symbol, at) => symbolLane(symbol, zeroMs, lane(faultLanes + actors.length + at)))}`;
  return { height, body };
}

function band(
  gap: Span,
  zeroMs: number,
  x: Scale,
  [top, bottom]: readonly [number, number],
): Markup {
  const [left, right] = [x.at(gap.fromMs - zeroMs), x.at(gap.toMs - zeroMs)];
  return html`<rect class="gap" x="${place(left)}" y="${top}" width="${place(Math.max(1, right - left))}" height="${bottom - top}"/>`;
}

function axis(x: Scale, { font }: Frame, [top, bottom]: readonly [number, number]): Markup {
  const marks = x.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${place(x.at(tick))}" x2="${place(x.at(tick))}" y1="${top}" y2="${bottom}"/><text class="soft" x="${place(x.at(tick))}" y="${bottom + font + LABEL_ROOM}" text-anchor="middle">${Number((tick / 1_000).toPrecision(4))} s</text>`,
  );
  return html`${marks}`;
}

function name(text: string, { frame, top }: Pane): Markup {
  const shown = fitted(text, frame.gutter - LABEL_ROOM, frame);
  return html`<text x="0" y="${top + BAR}">${shown}${shown !== text && html`<title>${text}</title>`}</text>`;
}

function bar(span: Span, zeroMs: number, { x, top }: Pane, look: string, says: string): Markup {
  const [left, right] = [x.at(span.fromMs - zeroMs), x.at(span.toMs - zeroMs)];
  return html`<rect class="${look}" x="${place(left)}" y="${top + (LANE - BAR) / 2}" width="${place(Math.max(1, right - left))}" height="${BAR}" rx="2"><title>${says}</title></rect>`;
}

function faultLane(fault: FaultLane, zeroMs: number, pane: Pane): Markup {
  const says = `it lasted ${duration(fault.toMs - fault.fromMs)}`;
  return html`${name(fault.of === "" ? "fault" : fault.of, pane)}${bar(fault, zeroMs, pane, "fault", says)}`;
}

function actorLane({ actor, reigns }: ActorLane, zeroMs: number, pane: Pane): Markup {
  const led = reigns.filter(({ node }) => node !== null);
  return html`${name(actor, pane)}${led.map((reign) => reignBar(reign, zeroMs, pane))}`;
}

function reignBar(reign: Reign, zeroMs: number, pane: Pane): Markup {
  const { x, top, frame } = pane;
  const says = `${reign.node} under token ${reign.token}`;
  const [left, right] = [x.at(reign.fromMs - zeroMs), x.at(reign.toMs - zeroMs)];
  const full = `${reign.node} · ${reign.token}`;
  const fits = (text: string) => textWidth(text, frame) + LABEL_ROOM < right - left;
  const shown = [full, reign.node!].find(fits);
  return html`${bar(reign, zeroMs, pane, `node${colourOf(reign.node!)}`, says)}${
    shown !== undefined &&
    html`<text x="${place(left + LABEL_ROOM / 2)}" y="${top + BAR}">${shown}</text>`
  }`;
}

/** The same node has the same colour everywhere. */
function colourOf(node: string): number {
  const number = Number(/\d+$/.exec(node)?.[0] ?? 0);
  return number % NODE_COLOURS;
}

function symbolLane({ symbol, beats }: SymbolLane, zeroMs: number, pane: Pane): Markup {
  const { x, top } = pane;
  const y = top + LANE / 2;
  const marks = beats.map(({ atMs, isAnswered }) => {
    const at = place(x.at(atMs - zeroMs));
    if (isAnswered) return html`<circle class="ok" cx="${at}" cy="${y}" r="${BEAT_RADIUS}"/>`;
    const [left, right] = [place(at - BEAT_RADIUS), place(at + BEAT_RADIUS)];
    return html`<path class="bad" d="M${left} ${y - BEAT_RADIUS}L${right} ${y + BEAT_RADIUS}M${left} ${y + BEAT_RADIUS}L${right} ${y - BEAT_RADIUS}"/>`;
  });
  return html`${name(symbol, pane)}${marks}`;
}

/** Lines through all lanes with their labels above, in as many rows as it takes that none covers another. */
function labelsOf(view: RoundView, { frame, x }: Pane) {
  const rows: number[] = [];
  const lines = view.events.flatMap(({ kind, atMs }) => {
    const text = MARKED[kind];
    if (text === undefined) return [];
    const sinceMs = atMs - view.zeroMs;
    const label = sinceMs === 0 ? text : `${text} ${sinceMs > 0 ? "+" : ""}${duration(sinceMs)}`;
    const width = textWidth(label, frame);
    const at = x.at(sinceMs);
    const left = Math.max(0, Math.min(at, frame.width - MARGIN - width));
    const free = rows.findIndex((end) => end + 2 * LABEL_ROOM < left);
    const row = free === -1 ? rows.length : free;
    rows[row] = left + width;
    return [{ kind, label, at: place(at), left: place(left), row }];
  });
  const rowHeight = frame.font + LABEL_ROOM;
  const body = (bottom: number) =>
    html`${lines.map(
      ({ kind, at, row }) =>
        html`<line class="mark ${kind}" x1="${at}" x2="${at}" y1="${(row + 1) * rowHeight}" y2="${bottom}"/>`,
    )}${lines.map(
      ({ label, left, row }) =>
        html`<text class="label" x="${left}" y="${row * rowHeight + frame.font}">${label}</text>`,
    )}`;
  return { height: rows.length * rowHeight + LABEL_ROOM, body };
}
