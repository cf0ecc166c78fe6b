/** Accounts from the command line: what they have, and what they may do. Amounts are decimals. */
import {
  ACCOUNT_GROUP_MAX,
  ACCOUNT_ID_MAX,
  ACCOUNT_LIMIT_MAX,
  ACCOUNT_TIER_MAX,
} from "../../actors/kernel/limits.js";
import { stricter } from "../../actors/ledger/account-state.js";
import {
  AccountState,
  type Asset,
  type GetBalancesResponse,
  type Instrument,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import { formatDecimal } from "../common/decimal.js";
import { CliError } from "./cli-error.js";
import { withClient } from "./connect.js";
import { parseWhole } from "./decimal.js";
import { heldAbove } from "./order-words.js";
import { printJson, printTable } from "./output.js";
import type { Whereabouts } from "./whereabouts.js";
import { wordOf } from "./words.js";

/** What every command that goes through a gateway has. */
export interface Common extends Whereabouts {
  readonly json?: boolean;
}

const STATES: Readonly<Record<string, AccountState>> = {
  active: AccountState.ACCOUNT_STATE_ACTIVE,
  "close-only": AccountState.ACCOUNT_STATE_CLOSE_ONLY,
  frozen: AccountState.ACCOUNT_STATE_FROZEN,
  closed: AccountState.ACCOUNT_STATE_CLOSED,
};

export interface OpenOptions extends Common {
  readonly parent?: string;
}

export function open(
  account: string | undefined,
  { parent: under, json, ...where }: OpenOptions,
): Promise<void> {
  const wanted = account === undefined ? 0 : accountOf(account);
  const parent = under === undefined ? 0 : parseWhole(under, 1, ACCOUNT_ID_MAX, "parent");
  return withClient(where, async (client) => {
    const opened = await client.openAccount(wanted, parent);
    const { account: number, shard, repeated } = opened;
    const known = repeated || parent !== 0 ? await askState(client, number) : ACTIVE;
    if (json) return printJson({ ...opened, ...(known && namesOf(known)) });
    const what = parent === 0 ? "account" : `sub-account of ${parent}:`;
    const isPlain = known === null || known.state === AccountState.ACCOUNT_STATE_ACTIVE;
    const is = [
      ...(repeated ? ["was open before"] : []),
      ...(isPlain ? [] : [`is ${said(known)}`]),
    ];
    const standing = is.length === 0 ? "" : `, ${is.join(" and ")}`;
    process.stdout.write(`${what} ${number} on ledger shard ${shard}${standing}\n`);
  });
}

export function subAccounts(account: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const parent = accountOf(account);
    const own = await client.listSubAccounts(parent);
    const { state: parents } = await client.balances(parent);
    const found = own.map((each) => ({
      account: each.account,
      known: { state: stricter(each.state, parents), own: each.state },
    }));
    if (json) return printJson(found.map(({ account, known }) => ({ account, ...namesOf(known) })));
    const rows = found.map(({ account: number, known }) => [number, said(known)]);
    printTable([["account", "state"], ...rows], "no sub-accounts");
  });
}

interface InForce {
  /** What the account may do: its own, or its parent's, which may allow less. */
  readonly state: AccountState;
  readonly own: AccountState;
}

const ACTIVE: InForce = {
  state: AccountState.ACCOUNT_STATE_ACTIVE,
  own: AccountState.ACCOUNT_STATE_ACTIVE,
};

/** Balances have the state that is in force; which is its own, only the parent's list says. */
async function stateInForce(
  client: ExchangeClient,
  account: number,
  { state, parent }: GetBalancesResponse,
): Promise<InForce> {
  if (parent === 0 || state === AccountState.ACCOUNT_STATE_ACTIVE) return { state, own: state };
  const listed = (await client.listSubAccounts(parent)).find((each) => each.account === account);
  return { state, own: listed?.state ?? state };
}

/** Null where it cannot be seen now, which changes nothing of what was answered. */
async function askState(client: ExchangeClient, account: number): Promise<InForce | null> {
  try {
    return await stateInForce(client, account, await client.balances(account));
  } catch {
    return null;
  }
}

function said({ state, own }: InForce): string {
  return `${wordOfState(state)}${state === own ? "" : " (parent)"}`;
}

const namesOf = ({ state, own }: InForce) => ({ state: wordOfState(state), own: wordOfState(own) });

function wordOfState(state: AccountState): string {
  return Object.keys(STATES).find((each) => STATES[each] === state)!;
}

/** What the account may ask for; with a word, from now on. */
export function state(account: string, word: string | undefined, options: Common): Promise<void> {
  return word === undefined ? showState(account, options) : setState(account, word, options);
}

function showState(account: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const number = accountOf(account);
    const known = await stateInForce(client, number, await client.balances(number));
    if (json) printJson({ account: number, ...namesOf(known) });
    else process.stdout.write(`${said(known)}\n`);
  });
}

function setState(account: string, word: string, { json, ...where }: Common): Promise<void> {
  const state = wordOf(STATES, word, "account state", "INVALID_ACCOUNT_STATE");
  return withClient(where, async (client) => {
    const response = await client.setAccountState(accountOf(account), state);
    if (json) printJson(response);
    else process.stdout.write(response.repeated ? `was ${word} before\n` : `${word}\n`);
  });
}

/** The group whose other accounts its orders do not trade with; with a number, from now on. */
export function group(
  account: string,
  wanted: string | undefined,
  { json, ...where }: Common,
): Promise<void> {
  const number = accountOf(account);
  const chosen = wanted === undefined ? null : parseWhole(wanted, 0, ACCOUNT_GROUP_MAX, "group");
  return withClient(where, async (client) => {
    if (chosen !== null) await client.setAccountGroup(number, chosen);
    const found = chosen ?? (await client.balances(number)).group;
    if (json) printJson({ account: number, group: found });
    else process.stdout.write(found === 0 ? "in no group\n" : `in group ${found}\n`);
  });
}

export interface TierOptions extends Common {
  readonly resetLimits?: boolean;
}

/** Which of its instruments' fees its orders are charged, and whose limits it has; with a number, from now on. */
export function tier(
  account: string,
  wanted: string | undefined,
  { resetLimits = false, json, ...where }: TierOptions,
): Promise<void> {
  const number = accountOf(account);
  const chosen = wanted === undefined ? null : parseWhole(wanted, 0, ACCOUNT_TIER_MAX, "tier");
  if (chosen === null && resetLimits) {
    throw new CliError(
      "ARGUMENT_MISSING",
      "--reset-limits needs the tier whose limits are to hold",
    );
  }
  return withClient(where, async (client) => {
    if (chosen !== null) await client.setAccountTier(number, chosen, resetLimits);
    const found = chosen ?? (await client.balances(number)).tier;
    if (json) printJson({ account: number, tier: found });
    else
      process.stdout.write(`of tier ${found}${resetLimits ? ", with that tier's limits" : ""}\n`);
  });
}

export interface LimitOptions extends Common {
  readonly ordersPerDay?: string;
  readonly openOrders?: string;
  readonly requestsPerSecond?: string;
}

/** How much the account may ask for; with options, from now on: what is not named stays. */
export function limits(account: string, options: LimitOptions): Promise<void> {
  const { json } = options;
  const number = accountOf(account);
  const limit = (text: string | undefined, what: string) =>
    text === undefined ? undefined : parseWhole(text, 0, ACCOUNT_LIMIT_MAX, what);
  const ordersPerDay = limit(options.ordersPerDay, "number of orders a day");
  const openOrders = limit(options.openOrders, "number of open orders");
  const requestsPerSecond = limit(options.requestsPerSecond, "number of requests a second");
  return withClient(options, async (client) => {
    const { limits: known } = await client.accountLimits(number);
    const wanted = {
      ordersPerDay: ordersPerDay ?? known!.ordersPerDay,
      openOrders: openOrders ?? known!.openOrders,
      requestsPerSecond: requestsPerSecond ?? known!.requestsPerSecond,
    };
    const isAsked = [ordersPerDay, openOrders, requestsPerSecond].some(
      (each) => each !== undefined,
    );
    if (isAsked) await client.setAccountLimits(number, wanted);
    const { ordersToday, own, reviewLimits } = await client.accountLimits(number);
    if (json) return printJson({ account: number, ...wanted, ordersToday, own, reviewLimits });
    const shown = (value: number) => (value === 0 ? "unlimited" : value);
    printTable([
      ["orders a day", "counted today", "open orders", "requests a second", "set for"],
      [
        shown(wanted.ordersPerDay),
        wanted.ordersPerDay === 0 ? "not counted" : ordersToday,
        shown(wanted.openOrders),
        shown(wanted.requestsPerSecond),
        own ? "the account" : "its tier",
      ],
    ]);
    for (const { asset, value } of reviewLimits) {
      process.stdout.write(`${heldAbove(value, asset!)}\n`);
    }
  });
}

export function balances(account: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const number = accountOf(account);
    const found = await client.balances(number);
    if (json) return printJson(found);
    const known = await stateInForce(client, number, found);
    const rows = found.balances.map(({ asset, total, held, available }) => [
      asset!.name,
      ...[total, held, available].map((units) => formatDecimal(units, asset!.decimals)),
    ]);
    printTable([["asset", "total", "held", "available"], ...rows], "no balances");
    if (known.state === AccountState.ACCOUNT_STATE_ACTIVE) return;
    process.stdout.write(`the account is ${said(known)}\n`);
  });
}

export async function assetNamed(client: ExchangeClient, name: string): Promise<Asset> {
  const assets = assetsOf(await client.listInstruments());
  const asset = assets.find((each) => each.name === name);
  if (asset) return asset;
  const known = [...new Set(assets.map((each) => each.name))].join(", ");
  throw new CliError("UNKNOWN_ASSET", `there is no asset ${name}; there are: ${known}`);
}

function assetsOf(instruments: readonly Instrument[]): Asset[] {
  return instruments.flatMap(({ baseAsset, quoteAsset }) => [baseAsset!, quoteAsset!]);
}

export function accountOf(text: string): number {
  return parseWhole(text, 1, ACCOUNT_ID_MAX, "account");
}

export function freshId(): string {
  return `cli-${Date.now().toString(36)}-${process.pid.toString(36)}`;
}
