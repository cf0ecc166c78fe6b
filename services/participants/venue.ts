/** What load processes and probes do with a client: fund accounts, trade through a desk, hear what happens. */
import { SHARD_DEPOSITS_UNITS_MAX } from "../../actors/kernel/limits.js";
import type {
  AccountEvent,
  AccountPosition,
  GetBalancesResponse,
  Instrument,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import { ExchangeError } from "../client/exchange-error.js";
import type { Venue } from "./desk.js";

/** Enough for whatever a flow does. */
const FUNDS_UNITS = 10 ** 10;
/** Of what a shard may keep of an asset, where accounts are many: others fund theirs at the same time, and all may be of one shard. */
const FUNDS_SHARE = 1 / 4;
const UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT";
const FUND_KEY = "load";
const CALLS_AT_ONCE = 64;
/** A gateway takes no more in one stream. */
const ACCOUNTS_PER_STREAM = 10_000;
const RETRY_MS = 100;
const RETRIES_MAX = 100;

export function venueOf(client: ExchangeClient): Venue {
  return {
    orderEntry({ results, lost }) {
      const stream = client.orderEntry({ onResults: results, onClosed: lost });
      return { send: (commands) => void stream.send(commands), close: () => void stream.close() };
    },
    resolveOrder: async (account, clientOrderId) =>
      (await client.resolveOrder(account, clientOrderId)).order!,
  };
}

/**
 * Opens the accounts that are not open yet and gives each what it may need. Resolves to the positions from which their
 * next events come.
 */
export async function fund(
  client: ExchangeClient,
  accounts: readonly number[],
  instruments: readonly Instrument[],
  /** So many are given the same assets, here and by other calls. */
  together = accounts.length,
): Promise<AccountPosition[]> {
  const assets = new Set(
    instruments.flatMap(({ baseAsset, quoteAsset }) => [baseAsset!.name, quoteAsset!.name]),
  );
  const amount = fundsOf(together);
  const positions: AccountPosition[] = [];
  const left = [...accounts];
  const work = async () => {
    for (let account = left.shift(); account !== undefined; account = left.shift()) {
      const sequence = await untilPublished(() => fundOne(client, account, assets, amount));
      positions.push({ account, fromSequence: sequence + 1 });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
  return positions;
}

/** How much of each asset one of so many accounts is given, in units. */
export function fundsOf(accounts: number): number {
  return Math.min(FUNDS_UNITS, Math.floor((SHARD_DEPOSITS_UNITS_MAX * FUNDS_SHARE) / accounts));
}

/** Resolves to the account's last sequence. */
async function fundOne(
  client: ExchangeClient,
  account: number,
  assets: ReadonlySet<string>,
  amount: number,
): Promise<number> {
  const before = await accountOf(client, account);
  const owned = new Set(before.balances.map(({ asset }) => asset!.name));
  const missing = [...assets].filter((asset) => !owned.has(asset));
  // Whoever sends in several phases finds its accounts funded: then one question is enough.
  if (missing.length === 0) return before.sequence;
  await Promise.all(
    missing.map((asset) => {
      const idempotencyKey = `${FUND_KEY}-${asset}`;
      return client.deposit({ account, asset, amount, idempotencyKey });
    }),
  );
  return (await client.balances(account)).sequence;
}

/** What an account has; it is opened where it is not open yet. */
async function accountOf(client: ExchangeClient, account: number): Promise<GetBalancesResponse> {
  try {
    return await client.balances(account);
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.code !== UNKNOWN_ACCOUNT) throw error;
  }
  await client.openAccount(account);
  return client.balances(account);
}

/** Makes an idempotent call again until the exchange has taken it. */
export async function untilPublished<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const isFinal = !(error instanceof ExchangeError) || error.kind === "final";
      if (isFinal || tries === RETRIES_MAX) throw error;
      await new Promise((wake) => setTimeout(wake, error.retryMs ?? RETRY_MS));
    }
  }
}

/** Hands over the accounts' events from these positions on; a refusal for good ends the process. The result ends it. */
export function subscribe(
  client: ExchangeClient,
  positions: readonly AccountPosition[],
  take: (events: readonly AccountEvent[]) => void,
): () => void {
  const streams: { close(): void }[] = [];
  for (let from = 0; from < positions.length; from += ACCOUNTS_PER_STREAM) {
    const stream = client.subscribeAccounts(positions.slice(from, from + ACCOUNTS_PER_STREAM), {
      onEvents: take,
      onFailed: (error) => {
        throw error;
      },
    });
    streams.push(stream);
  }
  return () => {
    for (const stream of streams) stream.close();
  };
}
