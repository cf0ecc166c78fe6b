/** Orders that are held for review, as operators ask for them: which wait, and what becomes of them. */
import { Code } from "../../actors/kernel/codes.js";
import {
  type DecideReviewRequest,
  type DecideReviewResponse,
  type ListReviewsResponse,
  ReviewDecision,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { OrderFilter, OrderRow, Reads } from "../ports/reads.js";
import { askShard } from "./ask-shard.js";
import type { Catalog } from "./catalog.js";
import { refusalOfCode } from "./code-text.js";
import type { Commands } from "./commands.js";
import { publicOrder } from "./convert.js";
import { nameProblem, type OrderName } from "./order-commands.js";
import type { Answer } from "./pending.js";
import { fromPostgres } from "./unary.js";

const REVIEWS_LISTED_MAX = 1_000;
const EVERYTHING: OrderFilter = { instrument: 0, account: 0, side: 0 };

export interface ReviewDeskDependencies {
  readonly reads: Pick<Reads, "ordersUnderReview">;
  readonly catalog: Catalog;
  readonly commands: Commands;
  readonly shards: number;
}

/** Every answer is the shard's or Postgres's; all else rejects with a `Refusal`. */
export class ReviewDesk {
  private readonly deps: ReviewDeskDependencies;

  constructor(deps: ReviewDeskDependencies) {
    this.deps = deps;
  }

  async list(): Promise<ListReviewsResponse> {
    const { catalog } = this.deps;
    const rows = await this.waiting(EVERYTHING);
    // One may be of an instrument that is newer than the catalog.
    const isKnown = rows.every(({ instrument }) => catalog.instrumentById(instrument));
    if (!isKnown) await fromPostgres(catalog.refresh());
    return { orders: rows.map((row) => publicOrder(catalog, row)) };
  }

  async decide(account: number, request: DecideReviewRequest): Promise<DecideReviewResponse> {
    const { orderId, clientOrderId, decision } = request;
    const problem = nameProblem(request);
    if (problem) throw problem;
    const isApproved = decision === ReviewDecision.REVIEW_DECISION_APPROVED;
    if (!isApproved && decision !== ReviewDecision.REVIEW_DECISION_REFUSED) {
      throw refusalOfCode(Code.INVALID_DECISION);
    }
    const answer = await this.ask(account, { orderId, clientOrderId }, isApproved);
    if (answer.code !== Code.OK) throw refusalOfCode(answer.code);
    return { repeated: answer.repeated };
  }

  /** Refuses all that wait now. One that was decided on meanwhile, or has ended, is let be. */
  async refuseAll(of: OrderFilter): Promise<void> {
    let page: OrderRow[];
    do {
      page = await this.waiting(of);
      await Promise.all(page.map((row) => this.refuse(row)));
    } while (page.length === REVIEWS_LISTED_MAX);
  }

  private async refuse({ account, orderId }: OrderRow): Promise<void> {
    const { code } = await this.ask(account, { orderId, clientOrderId: "" }, false);
    const isOver = code === Code.ORDER_NOT_UNDER_REVIEW || code === Code.REVIEW_TIME_OVER;
    if (code !== Code.OK && !isOver) throw refusalOfCode(code);
  }

  private ask(account: number, name: OrderName, isApproved: boolean): Promise<Answer> {
    const deadline = this.deps.commands.deadline();
    return askShard(this.deps, { kind: "decide-review", account, deadline, ...name, isApproved });
  }

  private waiting(of: OrderFilter): Promise<OrderRow[]> {
    return fromPostgres(this.deps.reads.ordersUnderReview(of, REVIEWS_LISTED_MAX));
  }
}
