/** How wide a drawing is. Each is drawn twice, so that its letters are as large on a phone as on a desk. */
import { html, type Markup } from "./markup.js";

export interface Frame {
  readonly name: "wide" | "narrow";
  /** In pixels, as are all that follow. */
  readonly width: number;
  /** Left of what is drawn: names of lanes, marks of an axis. */
  readonly gutter: number;
  readonly font: number;
  /** Marks of an axis are so far apart at least. */
  readonly apart: number;
}

const WIDE: Frame = { name: "wide", width: 1_000, gutter: 132, font: 12, apart: 90 };
const NARROW: Frame = { name: "narrow", width: 358, gutter: 78, font: 11, apart: 62 };

/** Of a letter's height, as wide fonts have it. */
const LETTER_WIDTH = 0.64;
/** What is right of all that is drawn. */
export const MARGIN = 18;

export function textWidth(text: string, { font }: Frame): number {
  return text.length * font * LETTER_WIDTH;
}

/** As much of a text as there is room for: its beginning and its end. */
export function fitted(text: string, room: number, frame: Frame): string {
  if (textWidth(text, frame) <= room) return text;
  const letters = Math.floor(room / (frame.font * LETTER_WIDTH)) - 1;
  if (letters < 2) return "";
  const half = Math.floor(letters / 2);
  return `${text.slice(0, letters - half)}…${text.slice(-half)}`;
}

export interface Drawing {
  readonly height: number;
  readonly body: Markup;
}

/** A figure that shows one of two drawings, by the room that there is. `says`: the same in words. */
export function figure(says: string, draw: (frame: Frame) => Drawing, caption?: Markup): Markup {
  return html`<figure>${[WIDE, NARROW].map((frame) => svg(says, frame, draw(frame)))}${
    caption && html`<figcaption>${caption}</figcaption>`
  }</figure>`;
}

function svg(says: string, { name, width, font }: Frame, { height, body }: Drawing): Markup {
  return html`<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${says}" font-size="${font}"><title>${says}</title>${body}</svg>`;
}
