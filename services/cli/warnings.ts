/** `warnings`: accounts whose orders were not what is usual, from all shards. */
import { WARNING_KINDS, WARNING_NAMES, WarningKind } from "../../actors/ledger/warnings.js";
import type { Warning } from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import type { WarningsWanted } from "../client/warning-stream.js";
import { accountOf } from "./accounts.js";
import { withClient } from "./connect.js";
import { EXIT_INTERRUPTED } from "./exit-codes.js";
import { printJson } from "./output.js";
import type { Whereabouts } from "./whereabouts.js";
import { formatTime, parseBeginning, wordOf } from "./words.js";

export interface WarningsOptions extends Whereabouts {
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly since?: string;
  readonly account?: string;
  readonly kind?: string;
}

const LAST_DAY = "1d";
const KINDS: Readonly<Record<string, WarningKind>> = Object.fromEntries(
  WARNING_KINDS.map((kind) => [WARNING_NAMES[kind], kind]),
);

/** What is stored is shown whole, or not at all. */
export async function warnings(options: WarningsOptions): Promise<number> {
  const { account, kind, follow, json } = options;
  const wantedAccount = account === undefined ? 0 : accountOf(account);
  const wantedKind = kind === undefined ? 0 : wordOf(KINDS, kind, "kind", "UNKNOWN_WARNING_KIND");
  const print = (told: readonly Warning[]): void => {
    for (const each of chosen(told, wantedAccount, wantedKind)) {
      if (json) printJson(asJson(each));
      else process.stdout.write(`${asText(each)}\n`);
    }
  };
  return withClient(options, async (client) => {
    const now = await client.serverTime();
    const ago = options.since ?? (follow ? null : LAST_DAY);
    const since = ago === null ? now : parseBeginning(ago, now);
    const stored: Warning[] = [];
    const keep = (told: readonly Warning[]) => void stored.push(...told);
    const positions = await told(client, { since, storedOnly: true }, keep);
    if (!positions) return EXIT_INTERRUPTED;
    print(stored);
    if (follow) await told(client, { since, storedOnly: false, positions }, print);
    return 0;
  });
}

/** Of an account and a kind, where they are not 0. Each shard tells its own in their order; these are in order of time. */
export function chosen(told: readonly Warning[], account: number, kind: number): Warning[] {
  return told
    .filter((each) => account === 0 || each.account === account)
    .filter(({ warned }) => kind === 0 || warned!.kind === kind)
    .toSorted((one, other) => one.time - other.time);
}

/** Resolves to the last batch that each shard has told when there is no more; null: it was interrupted before. */
export function told(
  client: Pick<ExchangeClient, "subscribeWarnings">,
  wanted: WarningsWanted,
  onWarnings: (told: readonly Warning[]) => void,
): Promise<ReadonlyMap<number, number> | null> {
  let interrupt = (): void => undefined;
  return new Promise<ReadonlyMap<number, number> | null>((resolve, reject) => {
    const onEnd = () => resolve(stream.positions());
    const stream = client.subscribeWarnings(wanted, { onWarnings, onEnd, onFailed: reject });
    interrupt = () => {
      stream.close();
      resolve(null);
    };
    process.once("SIGINT", interrupt);
  }).finally(() => process.off("SIGINT", interrupt));
}

function nameOf(kind: number): string {
  return WARNING_NAMES[kind as WarningKind] ?? `kind ${kind}`;
}

function asJson({ warned, time, ...place }: Warning): object {
  const { kind, windowStart, ...counts } = warned!;
  const times = { time: formatTime(time), windowStart: formatTime(windowStart) };
  return { ...place, ...times, kind: nameOf(kind), ...counts };
}

function asText({ account, sequence, time, warned }: Warning): string {
  const { kind, orders, amends, cancels, trades, selfTrades, usualOrders } = warned!;
  const counts: Readonly<Record<number, string>> = {
    [WarningKind.CancelRate]: `${cancels} cancels of ${orders} orders`,
    [WarningKind.SelfTrade]: `${selfTrades} with its own orders`,
    [WarningKind.OrderToTrade]: `${orders + amends + cancels} orders, amends and cancels, ${trades} trades`,
    [WarningKind.OrderSpike]: `${orders} orders, usually ${usualOrders}`,
  };
  const of = `account ${account} #${sequence}`;
  return `${formatTime(time)}  ${nameOf(kind).padEnd(14)}  ${of}: ${counts[kind] ?? ""}`;
}
