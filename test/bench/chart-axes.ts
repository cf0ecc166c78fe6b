/** What drawings over two axes have in common: how high they are, the grid, and what stands at it. */
import { type Frame, MARGIN } from "../../chaos/page/frame.js";
import { html, type Markup } from "../../chaos/page/markup.js";
import { place, type Scale } from "../../chaos/page/scale.js";

const PLOT = 240;
export const ROOM = 6;
/** Marks of an upright axis are so far apart at least, in pixels. */
export const APART = 44;

/** The lower and the upper end of an upright axis; above it is its title. */
export function heightOf({ font }: Frame): readonly [bottom: number, top: number] {
  const top = 2 * font + ROOM;
  return [top + PLOT, top];
}

/** The left and the right end of a level axis. */
export function widthOf({ gutter, width }: Frame): readonly [left: number, right: number] {
  return [gutter, width - MARGIN];
}

/** Of the whole drawing, with what stands below its level axis. */
export function heightWithAxis(frame: Frame): number {
  return belowAxis(frame) + 2 * frame.font + ROOM;
}

function belowAxis(frame: Frame): number {
  return heightOf(frame)[0] + frame.font + ROOM;
}

export interface Axis {
  readonly scale: Scale;
  readonly title: string;
  readonly say: (tick: number) => string;
}

export function axes(x: Axis, y: Axis, frame: Frame): Markup {
  const { font } = frame;
  const [bottom, top] = heightOf(frame);
  const [left, right] = widthOf(frame);
  const below = belowAxis(frame);
  return html`${x.scale.ticks.map((tick) => {
    const at = place(x.scale.at(tick));
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/><text class="soft" x="${at}" y="${below}" text-anchor="middle">${x.say(tick)}</text>`;
  })}${y.scale.ticks.map((tick) => {
    const at = place(y.scale.at(tick));
    return html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text class="soft" x="${left - ROOM}" y="${place(at + font / 3)}" text-anchor="end">${y.say(tick)}</text>`;
  })}<text class="soft" x="${left}" y="${font}">${y.title}</text><text class="soft" x="${right}" y="${below + font + ROOM}" text-anchor="end">${x.title}</text>`;
}

/** A dashed line from side to side. */
export function levelMark(y: Scale, value: number, frame: Frame): Markup {
  const [left, right] = widthOf(frame);
  const at = place(y.at(value));
  return html`<line class="mark" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>`;
}
