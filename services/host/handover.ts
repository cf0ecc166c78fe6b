/**
 * The successor's part of a planned move. The predecessor leads until it says that its last batch is being committed: not to wait for
 * that word would only depose it in the midst. Then Postgres is asked whether it has left its token to this life of this node,
 * and the answer comes as that commit ends (R12: nobody else is believed). In any other case the token is raised from here.
 */
import { sleep } from "../ports/clock.js";
import type { Handed } from "../ports/store.js";
import type { HostDependencies } from "./dependencies.js";
import { EarlyInbox } from "./early-inbox.js";
import { ASK_AGAIN_WHETHER_HANDED_AFTER_MS, RELEASE_MS_MAX } from "./limits.js";
import { CLAIM_REASONS } from "./reasons.js";
import { type Claimed, raise } from "./recovery.js";
import type { Releases } from "./release.js";

const NO_BATCH_AFTER = Number.MAX_SAFE_INTEGER;

/** What the key says by which an actor is handed over: its revision, and the token of the leader that has written it. */
export interface Offer {
  readonly actor: number;
  readonly handedAt: number;
  readonly revision: number;
}

/** Null: somebody else has the token. `heardBatch`: the last one that the successor's standby has; null: it still reads rows, or there is none. */
export async function takeHanded(
  deps: HostDependencies,
  offer: Offer,
  releases: Releases,
  heardBatch: () => number | null,
): Promise<Claimed | null> {
  const { clock } = deps;
  const early = new EarlyInbox(deps, offer.actor);
  const untilMs = clock.now() + RELEASE_MS_MAX;
  const leftMs = (): number => Math.max(0, untilMs - clock.now());
  await releases.until(offer.handedAt, RELEASE_MS_MAX);
  const handed = await Promise.race([ask(deps, offer, heardBatch, leftMs), sleep(clock, leftMs())]);
  if (handed) {
    const { record, standing, batches } = handed;
    const heard = { ...standing, heardAtMs: clock.now() };
    return { record, standing: Promise.resolve(heard), early, batches };
  }
  const { actor, handedAt, revision } = offer;
  return raise(deps, actor, handedAt, revision, CLAIM_REASONS.handedOver, early);
}

/** Asks until it is told that it has the token, or the time is over, or asking is of no use. */
async function ask(
  { store, clock, incarnation, logger }: HostDependencies,
  { actor, handedAt: fromToken }: Offer,
  heardBatch: () => number | null,
  leftMs: () => number,
): Promise<Handed | null> {
  try {
    while (leftMs() > 0) {
      const waitMsMax = leftMs();
      const afterBatch = heardBatch() ?? NO_BATCH_AFTER;
      const handed = await store.handed({ actor, fromToken, incarnation, afterBatch, waitMsMax });
      if (handed) return handed;
      // The word has overtaken the commit, or that has failed.
      await sleep(clock, ASK_AGAIN_WHETHER_HANDED_AFTER_MS);
    }
  } catch (error) {
    if (leftMs() > 0)
      logger.warn({ actor, error: String(error) }, "whether it was handed over is not known");
    // The commit may still be under way: as if the word had been lost.
    await sleep(clock, leftMs());
  }
  return null;
}
