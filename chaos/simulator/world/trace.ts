/**
 * What happened in a run, as a hash that is cheap to keep and, when asked for, as text: two runs of one seed must give
 * the same. Everything that takes effect anywhere is noted, with the virtual time.
 */
import { hashOfString } from "../../../actors/kernel/hash.js";

/** What kind of thing is noted: its number goes into the hash, its name into the text. */
export interface NoteKind {
  readonly name: string;
  readonly number: number;
  /** What its two numbers say, in the text. */
  readonly words: (a: number, b: number) => string;
}

export function noteKind(name: string, words: NoteKind["words"] = () => ""): NoteKind {
  return { name, number: hashOfString(name), words };
}

const US_PER_MS = 1_000;
/** Lines kept of a run when its text is asked for; the first ones are where two runs part. */
const LINES_MAX = 5_000_000;
/** Words whose hashes are kept. */
const HASHES_MAX = 10_000;

export class Trace {
  /** Null: only the hash is kept. */
  readonly lines: string[] | null;
  notes = 0;
  private readonly timesUs: number[] = [];
  private readonly hashes = new Map<string, number>();
  private low = 0x243f6a88;
  private high = 0x13198a2e;

  constructor(withText = false) {
    this.lines = withText ? [] : null;
  }

  /** `who` is usually a process's name; all of it is in the hash, and in the text, there in words. */
  note(timeUs: number, kind: NoteKind, who: string, a = 0, b = 0, detail = ""): void {
    this.notes += 1;
    this.mix(timeUs);
    this.mix(kind.number);
    this.mix(a);
    this.mix(b);
    this.mix(this.hashOf(who));
    if (detail !== "") this.mix(this.hashOf(detail));
    if (!this.lines) return;
    const parts = [kind.name, who, kind.words(a, b), detail];
    this.say(timeUs, () => parts.filter((part) => part !== "").join(" "));
  }

  /** Bytes that somebody sent: they go into the hash only. */
  bytes(data: Uint8Array): void {
    const { length } = data;
    let hash = length;
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const four = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
      hash = Math.imul(hash ^ four, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    for (; at < length; at++) hash = Math.imul(hash ^ data[at]!, 0x01000193);
    this.mix(hash);
  }

  /** Something to be read by people; it is in the text only, and costs nothing without it. */
  say(timeUs: number, text: () => string): void {
    if (!this.lines || this.lines.length >= LINES_MAX) return;
    this.timesUs.push(timeUs);
    this.lines.push(text());
  }

  /** The lines with their times in milliseconds, from a moment on; before it, below zero. */
  timedLines(originUs: number): string[] | null {
    if (!this.lines) return null;
    const ms = (timeUs: number) => ((timeUs - originUs) / US_PER_MS).toFixed(3).padStart(12);
    return this.lines.map((line, n) => `${ms(this.timesUs[n]!)} ${line}`);
  }

  get hash(): string {
    const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, "0");
    return `${hex(this.high)}${hex(this.low)}`;
  }

  /** The same words come again and again, but for a few. */
  private hashOf(words: string): number {
    let hash = this.hashes.get(words);
    if (hash === undefined) {
      hash = hashOfString(words);
      if (this.hashes.size < HASHES_MAX) this.hashes.set(words, hash);
    }
    return hash;
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ value ^ (value / 0x1_0000_0000), 0x85ebca6b);
    this.low = (this.low << 13) | (this.low >>> 19);
    this.high = Math.imul(this.high ^ this.low, 0xc2b2ae35);
    this.high ^= this.high >>> 15;
  }
}
