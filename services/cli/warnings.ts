/** `warnings`: accounts whose orders were not what is usual, from all shards. */
import { WARNING_NAMES, WarningKind } from "../../actors/ledger/warnings.js";
import type { Warning } from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import { withClient } from "./connect.js";
import { printJson } from "./output.js";
import { formatTime, parseBeginning } from "./words.js";

export interface WarningsOptions {
  readonly dataDir?: string;
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly since?: string;
}

const LAST_DAY = "1d";

export async function warnings(options: WarningsOptions): Promise<void> {
  await withClient(options.dataDir, async (client) => {
    const now = await client.serverTime();
    const ago = options.since ?? (options.follow ? null : LAST_DAY);
    const since = ago === null ? now : parseBeginning(ago, now);
    await told(client, since, options);
  });
}

/** One line, of text or JSON, for each warning. */
function told(client: ExchangeClient, since: number, options: WarningsOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.subscribeWarnings(
      { since, storedOnly: !options.follow },
      {
        onWarnings: (warnings) => {
          for (const warning of warnings) {
            if (options.json) printJson(asJson(warning));
            else process.stdout.write(`${asText(warning)}\n`);
          }
        },
        onEnd: resolve,
        onFailed: reject,
      },
    );
    process.once("SIGINT", () => {
      stream.close();
      resolve();
    });
  });
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
