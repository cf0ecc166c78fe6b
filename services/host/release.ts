/**
 * The last word of a leader that hands its actor over: its last batch is being committed. The successor asks Postgres what became of
 * that; the word only says when to ask (R12). Nodes of older versions raise the token at this word, which may fence the last batch: they
 * apply its commands again.
 */
import { ByteReader, ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";
import type { Clock } from "../ports/clock.js";

const RELEASE_VERSION = 1;

export interface Release {
  readonly actor: number;
  readonly token: number;
}

export function encodeRelease({ actor, token }: Release): Uint8Array {
  return new ByteWriter(16).u8(RELEASE_VERSION).uint(actor).uint(token).take();
}

/** Throws `MalformedError`. */
export function decodeRelease(bytes: Uint8Array): Release {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== RELEASE_VERSION) throw new MalformedError(`release version ${version}`);
  const release = { actor: reader.uint(), token: reader.uint() };
  reader.end();
  return release;
}

/** What a host has heard of its actor's predecessors. */
export class Releases {
  private readonly clock: Clock;
  private released = 0;
  private onReleased: () => void = () => undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The leader under a token commits its last batch. */
  note(token: number): void {
    this.released = Math.max(this.released, token);
    this.onReleased();
  }

  /** Until that was said of a token, but no longer than so long. */
  until(token: number, msMax: number): Promise<void> {
    if (this.released >= token) return Promise.resolve();
    return new Promise((resolve) => {
      this.onReleased = () => {
        if (this.released >= token) resolve();
      };
      this.clock.after(msMax, resolve);
    });
  }
}
