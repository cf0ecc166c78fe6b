/** What comes into accounts, leaves them, or is sent from one to another, from the command line. Amounts are decimals. */
import {
  TransferStatus,
  type Withdrawal,
  WithdrawalStatus,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import { formatDecimal } from "../common/decimal.js";
import { accountOf, assetNamed, type Common, freshId } from "./accounts.js";
import { withClient } from "./connect.js";
import { parseDecimal } from "./decimal.js";
import { printJson, printTable } from "./output.js";
import { namingTheKey } from "./try-again.js";
import { nameOf, wordOf } from "./words.js";

export interface KeyOption extends Common {
  readonly key?: string;
}

interface Cash {
  readonly account: number;
  readonly asset: string;
  readonly amount: number;
  readonly idempotencyKey: string;
}

const DECISIONS: Readonly<Record<string, WithdrawalStatus>> = {
  approve: WithdrawalStatus.WITHDRAWAL_STATUS_APPROVED,
  settle: WithdrawalStatus.WITHDRAWAL_STATUS_SETTLED,
  refuse: WithdrawalStatus.WITHDRAWAL_STATUS_REFUSED,
};

export function deposit(
  account: string,
  assetName: string,
  amount: string,
  { key, json, ...where }: KeyOption,
): Promise<void> {
  return withClient(where, async (client) => {
    const cash = await cashOf(client, account, assetName, amount, key);
    const { idempotencyKey } = cash;
    const response = await namingTheKey("--key", idempotencyKey, () => client.deposit(cash));
    if (json) return printJson({ ...response, idempotencyKey });
    const was = response.repeated ? "was deposited before" : "deposited";
    process.stdout.write(`${was}: ${idempotencyKey}\n`);
  });
}

/** Held for from now on; `decide` says what becomes of it. */
export function withdraw(
  account: string,
  assetName: string,
  amount: string,
  { key, json, ...where }: KeyOption,
): Promise<void> {
  return withClient(where, async (client) => {
    const cash = await cashOf(client, account, assetName, amount, key);
    const { idempotencyKey } = cash;
    const response = await namingTheKey("--key", idempotencyKey, () => client.withdraw(cash));
    // What was answered stands, also where the second question is not.
    const known = response.repeated
      ? await withdrawalOf(client, cash).catch(() => undefined)
      : undefined;
    const status = known === undefined ? {} : { status: statusOf(known) };
    if (json) return printJson({ ...response, idempotencyKey, ...status });
    process.stdout.write(`${becameOf(response.repeated, known)}: ${idempotencyKey}\n`);
  });
}

/** Among the newest ones; what is older is not looked for. */
async function withdrawalOf(client: ExchangeClient, { account, idempotencyKey: key }: Cash) {
  const found = await client.listWithdrawals(account);
  return found.find(({ idempotencyKey }) => idempotencyKey === key);
}

function becameOf(isOld: boolean, known: Withdrawal | undefined): string {
  if (!isOld) return "asked for, and held";
  if (!known) return "was asked for before";
  if (known.status !== WithdrawalStatus.WITHDRAWAL_STATUS_REQUESTED) {
    return `was asked for before and was ${statusOf(known)}`;
  }
  return "was asked for before, and is held until an operator has decided";
}

function statusOf({ status }: Pick<Withdrawal, "status">): string {
  return nameOf(WithdrawalStatus, status, "WITHDRAWAL_STATUS_").toLowerCase();
}

export function decide(
  account: string,
  key: string,
  word: string,
  { json, ...where }: Common,
): Promise<void> {
  const decision = wordOf(DECISIONS, word, "decision", "INVALID_DECISION");
  return withClient(where, async (client) => {
    const idempotencyKey = key;
    const wanted = { account: accountOf(account), idempotencyKey, decision };
    const response = await client.decideWithdrawal(wanted);
    if (json) return printJson(response);
    const name = statusOf({ status: decision });
    process.stdout.write(response.repeated ? `was ${name} before\n` : `${name}\n`);
  });
}

/** An account's; without one those of all accounts that wait for a decision. */
export function withdrawals(
  account: string | undefined,
  { json, ...where }: Common,
): Promise<void> {
  return withClient(where, async (client) => {
    const found = await client.listWithdrawals(account === undefined ? 0 : accountOf(account));
    if (json) return printJson(found);
    const rows = found.map(({ account: of, idempotencyKey, asset, amount, status, sequence }) => [
      of,
      idempotencyKey,
      asset!.name,
      formatDecimal(amount, asset!.decimals),
      statusOf({ status }),
      sequence,
    ]);
    const head = ["account", "key", "asset", "amount", "status", "sequence"];
    printTable([head, ...rows], "no withdrawals");
  });
}

/** What left the account; that the recipient has it, or that it came back, `transfers` and an event say. */
export function transfer(
  account: string,
  recipient: string,
  assetName: string,
  amount: string,
  { key, json, ...where }: KeyOption,
): Promise<void> {
  return withClient(where, async (client) => {
    const cash = await cashOf(client, account, assetName, amount, key);
    const transfer = { ...cash, recipient: accountOf(recipient) };
    const { idempotencyKey } = cash;
    const response = await namingTheKey("--key", idempotencyKey, () => client.transfer(transfer));
    if (json) return printJson({ ...response, idempotencyKey });
    const was = response.repeated ? "was sent before" : "sent";
    const later = `npx palisade transfers ${cash.account} says what becomes of it`;
    process.stdout.write(`${was}: ${idempotencyKey}; ${later}\n`);
  });
}

/** What the account has sent and was given. */
export function transfers(account: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const found = await client.listTransfers(accountOf(account));
    if (json) return printJson(found);
    const rows = found.map(({ sender, recipient, idempotencyKey, asset, amount, status, code }) => [
      sender,
      recipient,
      formatDecimal(amount, asset!.decimals),
      asset!.name,
      idempotencyKey,
      nameOf(TransferStatus, status, "TRANSFER_STATUS_").toLowerCase(),
      code === "OK" ? "" : code,
    ]);
    const head = ["from", "to", "amount", "asset", "key", "status", "why"];
    printTable([head, ...rows], "no transfers");
  });
}

/** What comes in, leaves or is sent. */
async function cashOf(
  client: ExchangeClient,
  account: string,
  assetName: string,
  amount: string,
  key = freshId(),
): Promise<Cash> {
  const asset = await assetNamed(client, assetName);
  return {
    account: accountOf(account),
    asset: asset.name,
    amount: parseDecimal(amount, asset.decimals, "amount"),
    idempotencyKey: key,
  };
}
