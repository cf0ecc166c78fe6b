/** Without the outbox's confirmation: what is sent counts as received. */
import { decodeFrame } from "../../actors/kernel/frame.js";
import type { Log } from "../../services/ports/log.js";
import type { Batch, Store } from "../../services/ports/store.js";
import { over } from "../over.js";

/** What a batch has put into the outbox the next one deletes, and nothing leaves twice. */
export function withoutOutbox({ store, log }: { readonly store: Store; readonly log: Log }): {
  readonly store: Store;
  readonly log: Log;
} {
  const written = new Map<number, Batch["confirmed"]>();
  const sent = new Set<string>();
  return {
    store: over<Store>(store, {
      commit: async (batch) => {
        const confirmed = [...(written.get(batch.actor.id) ?? []), ...batch.confirmed];
        const answer = await store.commit({ ...batch, confirmed });
        written.set(
          batch.actor.id,
          batch.outbox.map(({ destination, last }) => ({ destination, upTo: last })),
        );
        return answer;
      },
    }),
    log: over<Log>(log, {
      post: (name, anchor, frame) => {
        const { source, first } = decodeFrame(frame);
        const key = `${source} ${name} ${first}`;
        if (sent.has(key)) return;
        sent.add(key);
        log.post(name, anchor, frame);
      },
    }),
  };
}
