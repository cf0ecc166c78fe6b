/** Without marks: what was received of a source is not stored. */
import type { Store } from "../../../services/ports/store.js";
import { over } from "../../over.js";

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
