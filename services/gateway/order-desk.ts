/** Orders as whoever serves clients asks for them: place, cancel, reduce, amend, look up, resolve. */
import type { Logger } from "pino";
import { Code, codeName } from "../../actors/kernel/codes.js";
import { CLIENT_ORDER_ID_KEPT_MICROS } from "../../actors/kernel/limits.js";
import { isFinal, type OrderStatus } from "../../actors/kernel/order.js";
import type {
  CancelAllRequest,
  CancelAllResponse,
  CommandResult,
  GetOrderResponse,
  ListOpenOrdersResponse,
  OrderCommand,
  OrderFill,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { OrderRow, Reads } from "../ports/reads.js";
import { askShard } from "./ask-shard.js";
import type { Catalog } from "./catalog.js";
import { codeText, refusalOfCode } from "./code-text.js";
import type { Commands } from "./commands.js";
import { NotInCatalogError, publicFill, publicOrder } from "./convert.js";
import { FILLS_JOURNAL_ROWS_MAX, JOURNAL_ROWS_PER_PAGE, OPEN_ORDERS_LISTED_MAX } from "./limits.js";
import {
  clientOrderIdProblem,
  nameProblem,
  type OrderName,
  sideProblem,
} from "./order-commands.js";
import { type OrderIntake, resultOf } from "./order-intake.js";
import type { Answer } from "./pending.js";
import { blockOf } from "./journal-block.js";
import { notFound, outcomeUnknown, Refusal, unfit } from "./refusal.js";
import type { Session } from "./session.js";
import { fromPostgres } from "./unary.js";

export interface OrderDeskDependencies {
  readonly reads: Pick<
    Reads,
    "order" | "isOrderArchived" | "openOrders" | "accountHeads" | "journalRange"
  >;
  readonly catalog: Catalog;
  readonly commands: Commands;
  readonly intake: OrderIntake;
  readonly shards: number;
  readonly logger: Logger;
}

export class OrderDesk {
  private readonly deps: OrderDeskDependencies;

  constructor(deps: OrderDeskDependencies) {
    this.deps = deps;
  }

  /** Resolves with the shard's answer; rejects with a `Refusal`. */
  async submit(session: Session, command: OrderCommand["command"]): Promise<CommandResult> {
    const { intake, catalog } = this.deps;
    const wrapped = { requestId: 0, command };
    if (intake.needsCatalog(wrapped)) await fromPostgres(catalog.refresh());
    const outcome = await new Promise<Answer | Refusal>((resolve) => {
      const refusal = intake.take(session, wrapped, intake.deadline(), resolve);
      if (refusal) resolve(refusal);
    });
    if (outcome instanceof Refusal) throw outcome;
    return resultOf(0, outcome);
  }

  /** Resolves with how many orders of the account the shard has asked markets to cancel; rejects with a `Refusal`. */
  async cancelAll(account: number, request: CancelAllRequest): Promise<CancelAllResponse> {
    const problem = sideProblem(request);
    if (problem) throw problem;
    const instrument = request.symbol === "" ? 0 : await this.instrumentNumber(request.symbol);
    const deadline = this.deps.commands.deadline();
    const { side } = request;
    const command = { kind: "cancel-all", account, deadline, instrument, side } as const;
    const answer = await askShard(this.deps, command);
    if (answer.code !== Code.OK) throw refusalOfCode(answer.code);
    return { result: resultOf(0, answer), orders: answer.orders };
  }

  private async instrumentNumber(symbol: string): Promise<number> {
    const { catalog } = this.deps;
    if (!catalog.instrument(symbol) && !catalog.isFresh) await fromPostgres(catalog.refresh());
    const found = catalog.instrument(symbol);
    if (found) return found.id;
    throw notFound(codeName(Code.UNKNOWN_SYMBOL), codeText(Code.UNKNOWN_SYMBOL));
  }

  /** Rejects with a `Refusal` when there is no such order. */
  async get(account: number, name: OrderName): Promise<GetOrderResponse> {
    const problem = nameProblem(name);
    if (problem) throw problem;
    const row = await fromPostgres(
      this.deps.reads.order(account, name.orderId, name.clientOrderId),
    );
    if (!row) throw await this.unknown(name.orderId);
    return this.describe(row);
  }

  /** Of an id of the client's nobody can say more: it is free, once its order is in archive files. */
  private async unknown(orderId: number): Promise<Refusal> {
    const { reads } = this.deps;
    if (orderId === 0 || !(await fromPostgres(reads.isOrderArchived(orderId)))) {
      return notFound(codeName(Code.UNKNOWN_ORDER), codeText(Code.UNKNOWN_ORDER));
    }
    const message = `order ${orderId} has ended long ago and is in archive files, whoever's it was; ask the exchange's operators for it`;
    return notFound("ORDER_ARCHIVED", message);
  }

  /** The account's orders that have not ended. Rejects with a `Refusal` when there is no such account. */
  async open(account: number): Promise<ListOpenOrdersResponse> {
    const { reads, catalog } = this.deps;
    const rows = await fromPostgres(reads.openOrders(account, OPEN_ORDERS_LISTED_MAX));
    if (rows.length === 0 && (await fromPostgres(reads.accountHeads([account]))).size === 0) {
      throw notFound(codeName(Code.UNKNOWN_ACCOUNT), codeText(Code.UNKNOWN_ACCOUNT));
    }
    return { orders: await this.known(() => rows.map((row) => publicOrder(catalog, row))) };
  }

  /** Postgres knows who has an id; where nobody has it, or it may be free by now, its shard is asked, which voids it then (R10). */
  async resolve(account: number, clientOrderId: string): Promise<GetOrderResponse> {
    const problem = clientOrderIdProblem(clientOrderId);
    if (problem) throw problem;
    const { reads } = this.deps;
    const before = await fromPostgres(reads.order(account, 0, clientOrderId));
    if (before && isSurelyKept(before, this.deps.commands.now())) return this.describe(before);
    const deadline = this.deps.commands.deadline();
    const answer = await askShard(this.deps, { kind: "resolve", account, deadline, clientOrderId });
    try {
      const row = await fromPostgres(reads.order(account, 0, clientOrderId));
      if (row) return await this.describe(row);
    } catch (error) {
      // The id may be void by now: to say that nothing was published would be wrong.
      if (error instanceof Refusal) throw outcomeUnknown();
      throw error;
    }
    throw refusalOfCode(answer.code);
  }

  private async describe(row: OrderRow): Promise<GetOrderResponse> {
    const fills = row.filled > 0 ? await this.fills(row) : [];
    return { order: await this.known(() => publicOrder(this.deps.catalog, row)), fills };
  }

  /** What names an instrument that is so new that the catalog lacks it is tried again with a new one. */
  private async known<T>(convert: () => T): Promise<T> {
    try {
      return convert();
    } catch (error) {
      if (!(error instanceof NotInCatalogError)) throw error;
      await fromPostgres(this.deps.catalog.refresh());
      return convert();
    }
  }

  /** Found in the account's journal between the order's first and last event. */
  private async fills(row: OrderRow): Promise<OrderFill[]> {
    const { orderId, account, lastSequence } = row;
    const fills: OrderFill[] = [];
    let next = row.firstSequence;
    for (let read = 0; next <= lastSequence; read += JOURNAL_ROWS_PER_PAGE) {
      if (read >= FILLS_JOURNAL_ROWS_MAX) {
        const message = `the order's fills lie in more than ${FILLS_JOURNAL_ROWS_MAX} journal rows`;
        throw unfit("ORDER_TOO_LONG", message);
      }
      const page = await fromPostgres(
        this.deps.reads.journalRange(account, next, lastSequence, JOURNAL_ROWS_PER_PAGE),
      );
      if (page.length === 0) break;
      for (const row of page) {
        const { first, time, events } = blockOf(row, this.deps.logger);
        events.forEach((event, n) => {
          const sequence = first + n;
          if (event.kind !== "filled" || event.orderId !== orderId) return;
          if (sequence <= lastSequence) fills.push(publicFill(event, sequence, time));
        });
      }
      next = page.at(-1)!.last + 1;
    }
    return fills;
  }
}

/** Has the order its client order id still, whatever clocks say? If it has ended long ago, another may be on its way. */
function isSurelyKept({ status, updated }: OrderRow, now: number): boolean {
  return !isFinal(status as OrderStatus) || now - updated < CLIENT_ORDER_ID_KEPT_MICROS / 2;
}
