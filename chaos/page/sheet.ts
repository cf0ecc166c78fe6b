/** What all pages have: their frame, and how they write a moment, a sentence and a list of what is wrong. */
import { html, Markup } from "./markup.js";
import { STYLE } from "./style.js";

/** A whole page around its content: one file that needs no other. */
export function page(title: string, content: Markup): string {
  const whole = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>${title}</title><style>${new Markup(STYLE)}</style></head><body><main>
${content}
</main></body></html>
`;
  return whole.text;
}

/** As people write it. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

export function listOfWrongs(all: readonly string[]): Markup | false {
  if (all.length === 0) return false;
  return html`<h3 class="broken">What is wrong</h3><ul>${all.map((text) => html`<li>${text}</li>`)}</ul>`;
}
