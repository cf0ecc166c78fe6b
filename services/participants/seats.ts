/** Accounts and money of the participants: two makers for each symbol, three takers for all of them. */
import { untilPublished } from "./venue.js";
import type { AccountPosition, Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";

/** Far from the accounts that people open. */
const FIRST_ACCOUNT = 900_001;
const MAKERS_PER_SYMBOL = 2;
const TAKERS = 3;

/** All together they may own less than what one shard takes of an asset, and people have some as well. */
const QUOTE_UNITS = 10 ** 12;
const BASE_LOTS = 100_000;
const DEPOSIT_KEY = "participant";

export interface Seats {
  /** The makers of each instrument, in the order of the instruments. */
  readonly makers: readonly (readonly number[])[];
  readonly takers: readonly number[];
  /** Where each account's next event comes. */
  readonly positions: readonly AccountPosition[];
}

const takers: readonly number[] = Array.from({ length: TAKERS }, (_, at) => FIRST_ACCOUNT + at);

/** The makers of the symbol at an index. */
function makersAt(at: number): number[] {
  const first = FIRST_ACCOUNT + TAKERS + at * MAKERS_PER_SYMBOL;
  return Array.from({ length: MAKERS_PER_SYMBOL }, (_, index) => first + index);
}

/** All accounts that trade these instruments. */
export function seatAccounts(instruments: readonly Instrument[]): number[] {
  return [...takers, ...instruments.flatMap((_, at) => makersAt(at))];
}

/** Opens and funds the accounts; what an earlier run has done is not done again. */
export async function takeSeats(
  client: ExchangeClient,
  instruments: readonly Instrument[],
): Promise<Seats> {
  const makers = instruments.map((_, at) => makersAt(at));
  const positions = await Promise.all([
    ...takers.map((account) => takeSeat(client, account, instruments)),
    ...makers.flatMap((accounts, at) =>
      accounts.map((account) => takeSeat(client, account, instruments.slice(at, at + 1))),
    ),
  ]);
  return { makers, takers, positions };
}

async function takeSeat(
  client: ExchangeClient,
  account: number,
  instruments: readonly Instrument[],
): Promise<AccountPosition> {
  await untilPublished(() => client.openAccount(account));
  const amounts = new Map<string, number>();
  for (const { baseAsset, quoteAsset, lot } of instruments) {
    amounts.set(baseAsset!.name, lot * BASE_LOTS).set(quoteAsset!.name, QUOTE_UNITS);
  }
  for (const [asset, amount] of amounts) {
    const idempotencyKey = `${DEPOSIT_KEY}-${asset}`;
    await untilPublished(() => client.deposit({ account, asset, amount, idempotencyKey }));
  }
  const { sequence } = await untilPublished(() => client.balances(account));
  return { account, fromSequence: sequence + 1 };
}
