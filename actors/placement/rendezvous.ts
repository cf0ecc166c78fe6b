/**
 * Rendezvous hashing: every node works out the same order of preference for an actor from the names alone, and a node
 * that comes or goes moves only the actors it wins or had.
 */
import { hashOfIntegers, hashOfString } from "../kernel/hash.js";

/** The nodes in the order in which they should host the actor. */
export function preference(actorName: string, nodes: Iterable<string>): string[] {
  const actor = hashOfString(actorName);
  return [...nodes]
    .map((node) => ({ node, weight: hashOfIntegers(actor, hashOfString(node)) }))
    .sort((a, b) => b.weight - a.weight || (a.node < b.node ? -1 : 1))
    .map(({ node }) => node);
}
