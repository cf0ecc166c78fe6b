/** All markets at once: halted, so that nothing trades anywhere, and opened again. */
import { Phase, PHASE_NAMES } from "../../actors/market/phase.js";
import { MarketPhase, Side } from "../../proto/gen/exchange/v1/exchange.js";
import { InstanceError } from "../adapters/instances/instances.js";
import { type ExchangeClient, ExchangeError } from "../client/exchange-client.js";
import { Books } from "./books.js";
import { withClient } from "./connect.js";
import { EXIT_FAILED } from "./exit-codes.js";
import { printJson, printTable } from "./output.js";
import { expectSameExchange, identityAt } from "./same-exchange.js";
import { placesOf, type Whereabouts } from "./whereabouts.js";

export interface VenueOptions extends Whereabouts {
  readonly json?: boolean;
  /** With every order of every account ended. */
  readonly cancel?: boolean;
}

interface Outcome {
  readonly symbol: string;
  /** Names of phases; empty where it is not known. */
  readonly before: string;
  readonly phase: string;
  /** Orders that were ended, where that was asked for. */
  readonly ended?: number;
  /** Why it could not be done; empty where it was. */
  readonly problem: string;
}

interface Changed extends Pick<Outcome, "ended"> {
  readonly phase: MarketPhase;
  readonly problem?: string;
}

const NOT_COUNTED =
  "ORDERS_NOT_COUNTED: they were cancelled once, and the database does not say whether any are left: say it again when it answers";

type Change = (client: ExchangeClient, symbol: string, phase: MarketPhase) => Promise<Changed>;

/** Every market that is not closed takes no trade from now on. Gives 1 if one could not be halted. */
export async function haltAll({ cancel = false, ...options }: VenueOptions): Promise<number> {
  // Only who counts what is ended needs the database: a gateway is enough to halt, and to cancel.
  const url = cancel ? placesOf(options).urls.postgres : null;
  const books = url === null ? null : new Books(url);
  let isCounted = false;
  const prepare = async (client: ExchangeClient): Promise<void> => {
    if (url !== null) isCounted = await isDatabaseOf(client, url);
  };
  const halt: Change = async (client, symbol, before) => {
    const isToHalt =
      before !== MarketPhase.MARKET_PHASE_CLOSED && before !== MarketPhase.MARKET_PHASE_HALTED;
    if (isToHalt) await client.changePhase(symbol, MarketPhase.MARKET_PHASE_HALTED, 0);
    const phase = isToHalt ? MarketPhase.MARKET_PHASE_HALTED : before;
    if (!books) return { phase };
    return { phase, ...(await endOrders(client, isCounted ? books : null, symbol)) };
  };
  try {
    return await everywhere(options, halt, prepare);
  } finally {
    await books?.close();
  }
}

/** False: it does not answer. Throws `CliError` if it is another exchange's. */
async function isDatabaseOf(client: ExchangeClient, url: string): Promise<boolean> {
  let identity: string;
  try {
    identity = await identityAt(url);
  } catch (error) {
    if (error instanceof InstanceError) throw error;
    return false;
  }
  expectSameExchange("the gateway", await client.exchange(), identity);
  return true;
}

/** Until none is open: a mass cancel has a limit. What has ended clients may have cancelled, and may send anew. */
export async function endOrders(
  client: Pick<ExchangeClient, "massCancel">,
  books: Pick<Books, "open"> | null,
  symbol: string,
): Promise<Omit<Changed, "phase">> {
  const count = async () => (books ? books.open(symbol).catch(() => null) : null);
  const open = await count();
  let left = open;
  let before: number | null;
  // Once in any case: what is counted is no reason to leave anything undone.
  do {
    before = left;
    await client.massCancel({ symbol, account: 0, side: Side.SIDE_UNSPECIFIED });
    left = await count();
  } while (left !== null && left > 0 && left < (before ?? Infinity));
  if (open === null || left === null) return { problem: NOT_COUNTED };
  const again = "clients send more of them: say it again, or close the market";
  const problem = left > 0 ? `ORDERS_LEFT: ${left} orders are still open; ${again}` : "";
  return { ended: Math.max(0, open - left), problem };
}

/** Every market that is halted trades from now on. Gives 1 if one could not be opened. */
export function resumeAll(options: VenueOptions): Promise<number> {
  return everywhere(options, async (client, symbol, phase) => {
    if (phase !== MarketPhase.MARKET_PHASE_HALTED) return { phase };
    await client.changePhase(symbol, MarketPhase.MARKET_PHASE_CONTINUOUS, 0);
    return { phase: MarketPhase.MARKET_PHASE_CONTINUOUS };
  });
}

/** One market that cannot be reached keeps none of the others. */
async function everywhere(
  { json, ...where }: VenueOptions,
  change: Change,
  prepare: (client: ExchangeClient) => Promise<void> = async () => undefined,
): Promise<number> {
  let failures = 0;
  await withClient(where, async (client) => {
    await prepare(client);
    const instruments = await client.listInstruments();
    const outcomes = await Promise.all(
      instruments.map(({ symbol }) => outcomeOf(client, symbol, change)),
    );
    failures = outcomes.filter(({ problem }) => problem !== "").length;
    if (json) return printJson({ markets: outcomes, failures });
    const rows = outcomes.map(({ symbol, before, phase, ended, problem }) => [
      symbol,
      before,
      phase,
      ended ?? "",
      problem,
    ]);
    printTable([["symbol", "was", "is", "orders ended", "problem"], ...rows]);
  });
  return failures === 0 ? 0 : EXIT_FAILED;
}

async function outcomeOf(client: ExchangeClient, symbol: string, change: Change): Promise<Outcome> {
  let before = "";
  try {
    const { phase } = await client.market(symbol);
    before = nameOfPhase(phase);
    const changed = await change(client, symbol, phase);
    return { symbol, before, problem: "", ...changed, phase: nameOfPhase(changed.phase) };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return { symbol, before, phase: "", problem: `${error.code}: ${error.message}` };
  }
}

function nameOfPhase(phase: MarketPhase): string {
  return PHASE_NAMES[phase as number as Phase];
}
