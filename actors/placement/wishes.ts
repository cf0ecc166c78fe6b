/** What operators wish of the placement, as the lease store keeps it: one key, one value. */

export interface Wishes {
  /** Nodes that take no actor more. */
  readonly cordoned: ReadonlySet<string>;
  /** Nodes that are to lead nothing. */
  readonly drained: ReadonlySet<string>;
  /** The node that an actor is to be led by, whatever the placement prefers. */
  readonly moves: ReadonlyMap<string, string>;
  /** Actors that nobody stands by for. */
  readonly withoutStandby: ReadonlySet<string>;
}

/** The value of a wish that is wished or not, and has nothing more to say. */
export const ON = "on";
export const OFF = "off";

export const cordonKey = (node: string): string => `cordon/${node}`;
export const drainKey = (node: string): string => `drain/${node}`;
/** Its value is the node. */
export const moveKey = (actorName: string): string => `move/${actorName}`;
/** Its value is `off`: without the wish an actor has a standby. */
export const standbyKey = (actorName: string): string => `standby/${actorName}`;

/** Reads the wishes by their keys; what it does not know is left out. */
export function parseWishes(wishes: ReadonlyMap<string, string>): Wishes {
  const cordoned = new Set<string>();
  const drained = new Set<string>();
  const moves = new Map<string, string>();
  const withoutStandby = new Set<string>();
  for (const [key, value] of wishes) {
    const slash = key.indexOf("/");
    const name = key.slice(slash + 1);
    if (name === "") continue;
    const kind = key.slice(0, Math.max(slash, 0));
    if (kind === "cordon") cordoned.add(name);
    else if (kind === "drain") drained.add(name);
    else if (kind === "move") moves.set(name, value);
    else if (kind === "standby" && value === OFF) withoutStandby.add(name);
  }
  return { cordoned, drained, moves, withoutStandby };
}
