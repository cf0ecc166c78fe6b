/** Faults that are to leave everybody where he is: whoever led before leads while it lasts and afterwards, under the same token. */
import type { Leaders } from "../../services/supervisor/leaders.js";
import { takenSince } from "../stage/claims.js";
import type { Fault } from "./fault.js";

interface Watched<Target> {
  readonly target: Target;
  /** Who led what at the blow. */
  leaders: Leaders;
}

/** The same fault, after which nothing may have been taken from anybody. Operators and the placement may move what they like. */
export function deposesNobody<Target>(fault: Fault<Target>): Fault<Watched<Target>> {
  return {
    ...(fault.lastsMs !== undefined && { lastsMs: fault.lastsMs }),
    ...(fault.symbols && { symbols: ({ target }) => fault.symbols!(target) }),
    ...(fault.over && { over: ({ target }, stage) => fault.over!(target, stage) }),
    async aim(stage, number) {
      return { target: await fault.aim(stage, number), leaders: new Map() };
    },
    async strike(watched, stage) {
      watched.leaders = await stage.scene.exchange.leaders();
      const begunMs = performance.now();
      return (await fault.strike(watched.target, stage)) ?? begunMs;
    },
    bitten: ({ target }, stage) => fault.bitten(target, stage),
    heal: ({ target }, stage) => fault.heal(target, stage),
    async healed({ target, leaders }, stage) {
      const after = await fault.healed?.(target, stage);
      const taken = await takenSince(stage.scene, leaders);
      return { ...after, unhealed: [...(after?.unhealed ?? []), ...taken] };
    },
    name: ({ target }) => fault.name(target),
  };
}
