/**
 * Somebody who only asks, seeded: for accounts' balances and orders, and how markets stand, through whatever gateway there is.
 * What it is told the checks hear (R3).
 */
import type { GatewayCore } from "../../../services/gateway/gateway-core.js";
import { Refusal } from "../../../services/gateway/refusal.js";
import type { AccountsCheck } from "../checks/accounts.js";
import type { History } from "../checks/history.js";
import type { ReadsCheck } from "../checks/reads.js";
import type { Verdict } from "../checks/verdict.js";
import { type Door, isOfConnection } from "../cluster/door.js";
import { ACTORS, LEDGER_SHARDS, SYMBOLS } from "../cluster/names.js";
import { exponentialUs, type Random } from "../world/random.js";
import type { World } from "../world/world.js";

export interface ReaderDependencies {
  readonly world: World;
  readonly verdict: Verdict;
  readonly checks: {
    readonly accounts: AccountsCheck;
    readonly reads: ReadsCheck;
    readonly history: History;
  };
  readonly doors: () => readonly Door[];
  readonly accounts: readonly number[];
}

const THINK_US = 60_000;
/** Of an account's orders one of the last so many is asked for. */
const LAST_EVENTS = 30;
const UNAVAILABLE = 14;

export class Reader {
  private readonly deps: ReaderDependencies;
  private readonly random: Random;
  private isResting = false;

  constructor(deps: ReaderDependencies) {
    this.deps = deps;
    this.random = deps.world.random("reader");
  }

  start(): void {
    this.deps.world.scheduler.after(1 + exponentialUs(this.random, THINK_US), () => {
      if (this.isResting) return;
      this.read();
      this.start();
    });
  }

  finish(): void {
    this.isResting = true;
  }

  private read(): void {
    const account = this.random.pick(this.deps.accounts);
    const roll = this.random.next();
    if (roll < 0.3) this.readBalances(account);
    else if (roll < 0.6) this.readOrder(account);
    else if (roll < 0.8) this.readOpenOrders(account);
    else this.readMarket(this.random.whole(0, SYMBOLS.length - 1));
  }

  private readBalances(account: number): void {
    const { reads } = this.deps.checks;
    const from = reads.head(account);
    this.ask(
      (core) => core.accounts.balances(account),
      (answer) => reads.balances(account, from, answer),
    );
  }

  private readOrder(account: number): void {
    const { reads, accounts } = this.deps.checks;
    const last = (accounts.journals.get(account) ?? []).slice(-LAST_EVENTS);
    const events = last.filter(({ orderId }) => orderId > 0);
    if (events.length === 0) return;
    const name = { orderId: this.random.pick(events).orderId, clientOrderId: "" };
    const from = reads.head(account);
    this.ask(
      (core) => core.orders.get(account, name),
      (answer) => reads.order(account, from, answer),
    );
  }

  private readOpenOrders(account: number): void {
    const { reads } = this.deps.checks;
    const from = reads.head(account);
    this.ask(
      (core) => core.orders.open(account),
      (answer) => reads.openOrders(account, from, answer),
    );
  }

  private readMarket(at: number): void {
    const { reads, history } = this.deps.checks;
    const { id } = history.byName.get(ACTORS[LEDGER_SHARDS + at]!)!;
    const from = reads.batches(id);
    this.ask(
      (core) => core.markets.get(SYMBOLS[at]!),
      (answer) => reads.market(id, from, answer),
    );
  }

  /** A gateway may be unable to ask Postgres. Of what is there it may not say anything else than what it is. */
  private ask<T>(work: (core: GatewayCore) => Promise<T>, take: (answer: T) => void): void {
    const { doors, verdict } = this.deps;
    const open = doors();
    if (open.length === 0) return;
    this.random
      .pick(open)
      .call(work)
      .then(take, (error: unknown) => {
        if (isOfConnection(error)) return;
        const isUnable = error instanceof Refusal && error.grpcStatus === UNAVAILABLE;
        verdict.expect(
          isUnable,
          "R3",
          () => `a reader was refused what is there: ${String(error)}`,
        );
      });
  }
}
