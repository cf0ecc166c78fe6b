/**
 * Is what clients were told what the journal has at that account and number? A leader that speaks before its commit, and whose
 * successor does otherwise under the same number, is found out by this alone.
 */
import { type ClientLogs, example } from "./client-logs.js";
import { codeName } from "./codes.js";
import { type JournalEvent, journalEvents } from "./journal.js";
import { each, type JournalRow, type Source } from "./tables.js";

const STANDS = "orderId leaves marketSequence";
const MONEY = "asset amount idempotencyKey";
const LIMITS = ["ordersPerDay", "openOrders", "requestsPerSecond"];

/** What clients' logs have of each kind of event behind its name. A log of before may end with fewer; what is not told is not compared. */
const TOLD: Readonly<Record<string, string>> = {
  opened: "limits parent",
  deposited: MONEY,
  accepted:
    "orderId clientOrderId symbol side type timeInForce price quantity stopPrice displayQuantity expiresAt " +
    "selfTradePrevention postOnly pairOrderId reprices trail minQuantity",
  rejected: "orderId clientOrderId code",
  requested: "orderId request",
  voided: "orderId clientOrderId",
  rested: STANDS,
  filled: "orderId tradeId symbol price quantity leaves side liquidity marketSequence fee",
  ended: "orderId leaves code marketSequence",
  reduced: `${STANDS} code`,
  refused: "orderId request code marketSequence",
  waiting: STANDS,
  triggered: STANDS,
  amended: "orderId price quantity leaves stopPrice displayQuantity marketSequence",
  allCancelRequested: "symbol side orders",
  repriced: "orderId price marketSequence",
  withdrawal: `${MONEY} status`,
  accountState: "state",
  feeKept: "orderId tradeId symbol asset fee",
  transferSent: `recipient ${MONEY}`,
  transferEnded: `recipient ${MONEY} code`,
  transferReceived: `sender ${MONEY}`,
  accountLimits: LIMITS.join(" "),
  accountGroup: "group",
  accountTier: "tier limits",
  warning: "kind windowStart windowSeconds orders amends cancels trades selfTrades usualOrders",
  review: "orderId until",
  reviewed: "orderId approved",
  reviewLimit: "asset value",
};
const NAMES = new Map(Object.entries(TOLD).map(([kind, names]) => [kind, names.split(" ")]));

/** What clients are told where the journal says nothing; of everything else, 0. */
const USUAL: Readonly<Record<string, unknown>> = {
  postOnly: false,
  reprices: false,
  windowSeconds: 60,
};

export interface Compared {
  /** Numbers at which something was told, and is in the journal. */
  readonly compared: number;
  /** Those of them at which something else was told than is there. */
  readonly otherwise: number;
  /** Numbers that were told and that the journal does not have. */
  readonly beyond: number;
  /** Numbers that those who waited for the end were not told. */
  readonly untold: number;
}

/** `symbols`: by the numbers of their markets. Takes out of `logs.told` what it finds in the journal. */
export async function compareTold(
  source: Source,
  logs: ClientLogs,
  symbols: ReadonlyMap<number, string>,
): Promise<Compared> {
  const { examples } = logs;
  const comparison = new Comparison(logs, symbols);
  const last = new Map<number, number>();
  // Its rows come in the order of their numbers.
  await each(source, "journal", (row) => {
    last.set(row.account, row.last_sequence);
    comparison.take(row);
  });
  let beyond = 0;
  let untold = 0;
  /** By account: how many of them lie behind the journal's end, and are counted already. */
  const behind = new Map<number, number>();
  for (const [account, sequence, text] of comparison.left()) {
    beyond += 1;
    if (sequence > (last.get(account) ?? 0)) behind.set(account, (behind.get(account) ?? 0) + 1);
    example(
      examples,
      `account ${account} was told ${text} as ${sequence}, which its journal does not have`,
    );
  }
  for (const [account, told] of logs.lastSequences) {
    const end = last.get(account) ?? 0;
    if (told === end) continue;
    beyond += Math.max(0, told - end - (behind.get(account) ?? 0));
    untold += Math.max(0, end - told);
    example(examples, `account ${account} was told up to ${told}; its journal ends at ${end}`);
  }
  const { compared, otherwise } = comparison;
  return { compared, otherwise, beyond, untold };
}

class Comparison {
  compared = 0;
  otherwise = 0;
  private readonly logs: ClientLogs;
  private readonly symbols: ReadonlyMap<number, string>;
  /** As what they were told first: no row that is judged has their names. */
  private readonly assets = new Map<number, string>();

  constructor(logs: ClientLogs, symbols: ReadonlyMap<number, string>) {
    this.logs = logs;
    this.symbols = symbols;
  }

  take({ account, first_sequence, last_sequence, events }: JournalRow): void {
    const told = this.logs.told.get(account);
    if (!told) return;
    const bytes = Buffer.from(events, "hex");
    const all = journalEvents(bytes, last_sequence - first_sequence + 1);
    for (const [at, event] of all.entries()) {
      const sequence = first_sequence + at;
      const texts = told.flatMap((each) => each.get(sequence) ?? []);
      if (texts.length === 0) continue;
      for (const each of told) each.delete(sequence);
      this.compare(account, sequence, event, texts);
    }
  }

  /** What is in no journal, each number once. */
  *left(): Iterable<[account: number, sequence: number, text: string]> {
    for (const [account, told] of this.logs.told) {
      const rest = new Map(told.flatMap((each) => [...each]));
      for (const [sequence, text] of rest) yield [account, sequence, text];
    }
  }

  private compare(
    account: number,
    sequence: number,
    event: JournalEvent,
    texts: readonly string[],
  ): void {
    this.compared += 1;
    const is = JSON.stringify([event.kind, ...this.wordsOf(event, texts)]);
    const other = texts.find((text) => !isBeginning(text, is));
    if (other === undefined) return;
    this.otherwise += 1;
    const kind = nameOf(other);
    const unknown = NAMES.has(kind) ? "" : `; events of kind ${kind} are not known here`;
    example(
      this.logs.examples,
      `account ${account} was told ${other} as ${sequence}, where its journal has ${is}${unknown}`,
    );
  }

  /** An event of the journal as clients are told it. */
  private wordsOf(event: JournalEvent, texts: readonly string[]): unknown[] {
    const { kind, fields } = event;
    return NAMES.get(kind)!.map((name, at) => {
      switch (name) {
        case "symbol":
          return this.symbols.get(fields["market"] as number) ?? "";
        case "code":
          return codeName((fields["code"] as number | undefined) ?? 0);
        case "asset":
          return this.assetOf(fields["asset"] as number, kind, at, texts);
        case "limits":
          return "ordersPerDay" in fields
            ? Object.fromEntries(LIMITS.map((limit) => [limit, fields[limit]]))
            : null;
        default:
          return fields[name] ?? USUAL[name] ?? 0;
      }
    });
  }

  private assetOf(asset: number, kind: string, at: number, texts: readonly string[]): string {
    const known = this.assets.get(asset);
    if (known !== undefined) return known;
    const first = JSON.parse(texts[0]!) as unknown[];
    const name = first[0] === kind ? String(first[at + 1]) : "";
    if (name === "" || [...this.assets.values()].includes(name)) return `asset ${asset}`;
    this.assets.set(asset, name);
    return name;
  }
}

/** Is it all of a list, or what the list begins with? Both are JSON. */
function isBeginning(text: string, list: string): boolean {
  return text === list || list.startsWith(`${text.slice(0, -1)},`);
}

function nameOf(text: string): string {
  return String((JSON.parse(text) as unknown[])[0]);
}
