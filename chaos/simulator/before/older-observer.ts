/**
 * Judges what a node of the version before may do because others are of today's: stand by for a market in vain, and stop at one,
 * once today's version has written it. Anything else is as wrong as of any node.
 */
import type { HostState } from "../../../services/host/host-machine.js";
import type { HostObserver } from "../../../services/host/observer.js";
import { over } from "../../over.js";
import type { Tally } from "../cluster/tally.js";

const CANNOT_READ = "market state version";

export function olderObserver(tally: Tally): HostObserver {
  return over<HostObserver>(tally, {
    diverged: (actorName) => {
      if (tally.versions.isWrittenByToday(actorName)) tally.add("olderDiverged");
      else tally.divergedWithin(actorName);
    },
    became: (actorName: string, state: HostState, reason: string) => {
      const isExpected = state === "stopped" && reason.includes(CANNOT_READ);
      if (isExpected && tally.versions.isWrittenByToday(actorName)) tally.add("olderStopped");
      else tally.became(actorName, state, reason);
    },
  });
}
