/** `explain`: what became of an order, or of an actor, from what Postgres keeps and from what the nodes say. */
import { InvariantError } from "../../actors/kernel/assert.js";
import { theOnlyInstance } from "../adapters/instances/instances.js";
import { actorNames } from "../explain/actor-story.js";
import { filesOf, type OrderStory, orderStory } from "../explain/order-story.js";
import { type Records, withRecords } from "../explain/records.js";
import { accountOf } from "./accounts.js";
import { CliError } from "./cli-error.js";
import { actorNamed, unknownActor } from "./cluster.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { parseWhole } from "./decimal.js";
import { explainActor } from "./explain-actor.js";
import { printJson, printTable } from "./output.js";
import { formatMicroseconds } from "./words.js";

const ORDERS_NAMES =
  ", and an order is named by its number, or by --account N and its client order id";

export interface ExplainOptions extends DatabaseOptions {
  readonly account?: string;
  readonly json?: boolean;
}

export function explain(word: string, options: ExplainOptions): Promise<void> {
  const account = options.account === undefined ? null : accountOf(options.account);
  return onDatabase(options, async (urls) =>
    withRecords(await theOnlyInstance(urls, "explain"), async (records) => {
      if (account !== null) return explainOrder(records, 0, account, word, options);
      const names = await actorNames(records.pool);
      const name = actorNamed(names, word);
      if (name !== null) return explainActor(records.pool, name, options);
      if (!/^\d+$/.test(word)) throw unknownActor(names, word, ORDERS_NAMES);
      const orderId = parseWhole(word, 1, Number.MAX_SAFE_INTEGER, "order's number");
      return explainOrder(records, orderId, 0, "", options);
    }),
  );
}

async function explainOrder(
  records: Records,
  orderId: number,
  account: number,
  clientOrderId: string,
  options: ExplainOptions,
): Promise<void> {
  const story = await told(orderStory(records, orderId, account, clientOrderId));
  if (!story) {
    const what = orderId > 0 ? `order ${orderId}` : `order ${clientOrderId} of account ${account}`;
    const files = orderId > 0 ? await filesOf(records, orderId) : [];
    if (files.length > 0) {
      const message = `order ${orderId} has ended long ago and is in archive files; zgrep '"order_id": *${orderId}[,}]' ${files.join(" ")}`;
      throw new CliError("ORDER_ARCHIVED", message);
    }
    const hint =
      "name it by its number, or by --account N and its client order id; of an order that has gone to the archive only the number is known";
    throw new CliError("UNKNOWN_ORDER", `there is no ${what}; ${hint}`);
  }
  if (options.json) printOrderJson(story);
  else printOrder(story);
}

/** Rows that contradict each other are the audit's business. */
async function told<T>(story: Promise<T>): Promise<T> {
  try {
    return await story;
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    throw new CliError("RECORDS_DO_NOT_AGREE", `${error.message}; run npm run audit`);
  }
}

function printOrderJson({ order, steps, ...story }: OrderStory): void {
  const { orderId, account, clientOrderId } = order;
  const timed = steps.map((step) => ({ ...step, time: formatMicroseconds(step.time) }));
  printJson({ orderId, account, clientOrderId, ...story, steps: timed });
}

function printOrder({ order, terms, standing, trailingStop, steps, gaps }: OrderStory): void {
  const { orderId, account, clientOrderId } = order;
  process.stdout.write(`order ${orderId} (${clientOrderId}) of account ${account}: ${terms}\n`);
  process.stdout.write(`${standing}\n`);
  if (trailingStop !== null) process.stdout.write(`its stop price is ${trailingStop} now\n`);
  const rows = steps.map(({ time, actor, batch, token, node, message, what, money }) => {
    const by = message ? `; message ${message.number} of ${message.from}#${message.token}` : "";
    const moved = money.length > 0 ? ` [${money.join(", ")}]` : "";
    const place = [formatMicroseconds(time), actor, batch, token ?? "?", node ?? "not known"];
    return [...place, `${what}${moved}${by}`];
  });
  printTable([["batch begun", "actor", "batch", "token", "node", "what"], ...rows]);
  for (const gap of gaps) process.stdout.write(`${gap}\n`);
}
