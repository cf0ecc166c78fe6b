/** How an actor stands with its peers, from the rows of one statement. */
import type { Link } from "../../../actors/kernel/links.js";
import type { Correspondence, OutboxRow } from "../../ports/store.js";

/** A link: token, received and sent; a row of the outbox: first and last number; the clock and the batch. */
export interface CorrespondenceRow {
  readonly kind: "link" | "outbox" | "now";
  readonly peer: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly frame: Uint8Array | null;
}

export function correspondenceOf(rows: readonly CorrespondenceRow[]): Correspondence {
  const links: Link[] = [];
  const outbox: OutboxRow[] = [];
  let now = 0;
  let batch = 0;
  for (const { kind, peer, a, b, c, frame } of rows) {
    if (kind === "link") links.push({ peer, token: a, received: b, sent: c });
    else if (kind === "outbox")
      outbox.push({ destination: peer, first: a, last: b, frame: frame! });
    else [now, batch] = [a, b];
  }
  return { links, outbox, batch, now };
}
