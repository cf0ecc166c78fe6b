/**
 * Rendezvous hashing: every node works out the same order of preference for an actor from the names and weights alone,
 * and a node that comes or goes moves only the actors it wins or had. The score of a node of weight w is −w / ln(u) with
 * a hash u in (0, 1), so that a node of twice the weight gets twice the actors (Schindelhauer and Schomaker, 2005).
 */
import { hashOfIntegers, hashOfString } from "../kernel/hash.js";

export const DEFAULT_WEIGHT = 1;
export const WEIGHT_MAX = 1_000;

const HASHES = 0x1_0000_0000;

export interface WeighedNode {
  readonly node: string;
  readonly weight: number;
}

/** The nodes in the order in which they should host the actor. */
export function preference(actorName: string, nodes: Iterable<WeighedNode>): string[] {
  const actor = hashOfString(actorName);
  return [...nodes]
    .map(({ node, weight }) => {
      const u = (hashOfIntegers(actor, hashOfString(node)) + 0.5) / HASHES;
      return { node, score: -weight / Math.log(u) };
    })
    .sort((a, b) => b.score - a.score || (a.node < b.node ? -1 : 1))
    .map(({ node }) => node);
}
