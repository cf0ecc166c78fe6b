/** The two mutations of what is between actors: marks that are not stored, and an outbox that is emptied at once. */
import { decodeFrame } from "../../../actors/kernel/frame.js";
import type { Log } from "../../../services/ports/log.js";
import type { Batch, Store } from "../../../services/ports/store.js";
import { over } from "../cluster/over.js";

/** The links' received marks stay as they were when the actor was loaded. */
export function withoutMarks(store: Store): Store {
  const stored = new Map<string, { readonly token: number; readonly received: number }>();
  return over<Store>(store, {
    load: (actor, begin, page) =>
      store.load(
        actor,
        (loaded) => {
          for (const { peer, token, received } of loaded.links) {
            stored.set(`${actor} ${peer}`, { token, received });
          }
          begin(loaded);
        },
        page,
      ),
    commit: (batch) => {
      const links = batch.links.map((link) => {
        const mark = stored.get(`${batch.actor.id} ${link.peer}`) ?? { token: 0, received: 0 };
        return { ...link, ...mark };
      });
      return store.commit({ ...batch, links });
    },
  });
}

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
      publish: async (name, anchor, frame) => {
        const { source, first } = decodeFrame(frame);
        const key = `${source} ${name} ${first}`;
        if (source > 0 && sent.has(key)) return;
        sent.add(key);
        await log.publish(name, anchor, frame);
      },
    }),
  };
}
