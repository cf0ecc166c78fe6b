/**
 * Without the fence: a commit that it has refused is made all the same, behind whatever batch is the last by now and
 * under the token that is there. The batch log keeps the token that its leader had, so that everybody can see whose it was.
 */
import { assert } from "../../actors/kernel/assert.js";
import { type Batch, FencedError, type Store } from "../../services/ports/store.js";
import { over } from "../over.js";

/** Notes in the batch log that a batch was committed under a token. */
type Sign = (actor: number, batch: number, token: number) => Promise<void>;

export function withoutFence(store: Store, sign: Sign): Store {
  return over<Store>(store, {
    commit: async (batch) => {
      for (let current = batch; ; current = await behindTheLast(batch, store)) {
        try {
          const answer = await store.commit(current);
          if (current !== batch) await sign(batch.actor.id, current.number, batch.token);
          return answer;
        } catch (error) {
          if (!(error instanceof FencedError)) throw error;
        }
      }
    },
  });
}

async function behindTheLast(batch: Batch, store: Store): Promise<Batch> {
  const current = await store.record(batch.actor.id);
  assert(current !== null, "%s has vanished", batch.actor.name);
  const { token, incarnation } = current;
  const actor = { ...batch.actor, incarnation };
  return { ...batch, actor, token, number: current.batch + 1 };
}
