/** The blast radius of a drill: the actors and nodes that it may touch. What is not in it stays as it is. */
import { decodeSymbol, kindOfName } from "../../actors/kernel/ids.js";
import { CliError } from "../../services/cli/cli-error.js";
import { actorOf, type ClusterState, nodeOf } from "../../services/cli/cluster.js";

const ALL = "all";
const MARKET_PREFIX = "market.";

export interface Radius {
  /** Names of actors, in the order in which they were named. */
  readonly actors: readonly string[];
  /** The symbols of those that are markets: the probe's orders are for these. */
  readonly symbols: readonly string[];
  readonly nodes: readonly string[];
}

/** What is named on a command line or in a file; null: nothing is. */
export interface RadiusWords {
  readonly symbols: readonly string[] | null;
  readonly nodes: readonly string[] | null;
}

/** Symbols and ledger shards as `move` takes them, and nodes; `all` stands for all. Throws `CliError`. */
export function radiusOf(state: ClusterState, { symbols, nodes }: RadiusWords): Radius {
  if (symbols === null) {
    throw new CliError(
      "RADIUS_MISSING",
      "say which symbols (and ledger shards) may be touched: --symbols AAPL,ledger.1, or --symbols all",
    );
  }
  const actors = isAll(symbols)
    ? state.actors.map(({ actor }) => actor)
    : symbols.map((word) => actorOf(state, word).actor);
  const traded = actors.filter((actor) => kindOfName(actor) === "market").map(symbolOf);
  if (traded.length === 0) {
    throw new CliError(
      "RADIUS_WITHOUT_SYMBOL",
      "the probe's orders need a market: name a symbol in --symbols, too",
    );
  }
  return { actors: unique(actors), symbols: unique(traded), nodes: nodesOf(state, nodes ?? []) };
}

function nodesOf(state: ClusterState, words: readonly string[]): string[] {
  if (isAll(words)) return state.nodes.map(({ node }) => node);
  return unique(words.map((word) => nodeOf(state, word).node));
}

/** What a drill would touch beyond the radius, as its refusal; null: nothing. */
export function outsideOf(
  radius: Radius,
  { drill, actors, nodes }: { drill: string; actors: readonly string[]; nodes: readonly string[] },
): CliError | null {
  const outside = actors.filter((actor) => !radius.actors.includes(actor)).map(decodeSymbol);
  const others = nodes.filter((node) => !radius.nodes.includes(node));
  if (outside.length === 0 && others.length === 0) return null;
  const parts = [
    ...(outside.length > 0 ? [`${outside.join(", ")}, not in --symbols`] : []),
    ...(others.length > 0 ? [`${others.join(", ")}, not in --nodes`] : []),
  ];
  return new CliError(
    "OUTSIDE_RADIUS",
    `${drill} would touch ${parts.join("; and ")}. Name them, too, or choose another drill`,
  );
}

export function symbolOf(market: string): string {
  return decodeSymbol(market.slice(MARKET_PREFIX.length));
}

function isAll(words: readonly string[]): boolean {
  return words.length === 1 && words[0] === ALL;
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
