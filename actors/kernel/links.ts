/**
 * What an actor has taken from each source and sent to each destination (R2, R4). Numbers are contiguous per source
 * and destination; what was seen is dropped, what a lower token says is dropped, nothing is taken beyond a gap.
 *
 * A gateway's slot begins at number 1 with each token (its memory is gone); an actor goes on counting.
 */
import { assert } from "./assert.js";
import { isSlot } from "./ids.js";

/** One peer: a row of the table `links`. */
export interface Link {
  readonly peer: number;
  /** The highest token seen from the peer, and the number of the last command taken. */
  token: number;
  received: number;
  /** The number of the last command sent to the peer. */
  sent: number;
}

export type Admission =
  /** Take the frame's commands from index `skip` on. */
  | { readonly kind: "take"; readonly skip: number }
  /** All of it was seen, or a lower token says it. */
  | { readonly kind: "drop"; readonly reason: "seen" | "lower-token" }
  /** Commands before it are missing: ask the source to send again from this number. */
  | { readonly kind: "gap"; readonly from: number };

export class Links {
  private readonly byPeer = new Map<number, Link>();
  private readonly touched = new Set<Link>();

  static restore(rows: Iterable<Link>): Links {
    const links = new Links();
    for (const row of rows) links.byPeer.set(row.peer, { ...row });
    return links;
  }

  of(peer: number): Link {
    let link = this.byPeer.get(peer);
    if (!link) {
      link = { peer, token: 0, received: 0, sent: 0 };
      this.byPeer.set(peer, link);
    }
    return link;
  }

  all(): Iterable<Link> {
    return this.byPeer.values();
  }

  /** Judges a frame without changing anything. */
  admit(source: number, token: number, first: number, count: number): Admission {
    const link = this.byPeer.get(source);
    const known = link?.token ?? 0;
    if (token < known) return { kind: "drop", reason: "lower-token" };
    const received = token > known && isSlot(source) ? 0 : (link?.received ?? 0);
    if (first > received + 1) return { kind: "gap", from: received + 1 };
    const skip = received + 1 - first;
    if (skip >= count) return { kind: "drop", reason: "seen" };
    return { kind: "take", skip };
  }

  /** Moves the mark: the next command of the source has been applied. */
  advance(source: number, token: number, number: number): void {
    const link = this.of(source);
    assert(token >= link.token, "a lower token was taken");
    const received = token > link.token && isSlot(source) ? 0 : link.received;
    assert(number === received + 1, "number %s of %s does not follow %s", number, source, received);
    link.token = token;
    link.received = number;
    this.touched.add(link);
  }

  /** The number of the next command to a destination; counts it as sent. */
  nextNumber(destination: number): number {
    const link = this.of(destination);
    link.sent += 1;
    this.touched.add(link);
    return link.sent;
  }

  /** Has a link go with the next batch though nothing of it changes: how far the peer was heard is said again after that. */
  repeat(peer: number): void {
    this.touched.add(this.of(peer));
  }

  /** The links that changed since the last call, or are to be repeated, for the batch's rows. */
  takeTouched(): Link[] {
    const rows = [...this.touched].map((link) => ({ ...link }));
    this.touched.clear();
    return rows;
  }

  /** Forgets what that would give. */
  forgetTouched(): void {
    this.touched.clear();
  }
}
