/**
 * What the tables hold when everything has come to rest, against what was ever told and done: balances and orders against
 * the journals, and each actor as it would be loaded now against the hash of its last batch.
 */
import { Links } from "../../../actors/kernel/links.js";
import { restoreActor } from "../../../services/host/restore-actor.js";
import type { Row } from "../../../services/ports/store.js";
import { rowsOfActor } from "../servers/actor-pages.js";
import type { SimPostgres } from "../servers/postgres.js";
import type { AccountsCheck } from "./accounts.js";
import { tell, type ToldOrder } from "./told-orders.js";
import type { Verdict } from "./verdict.js";

export class TablesCheck {
  private readonly postgres: SimPostgres;
  private readonly accounts: AccountsCheck;
  private readonly verdict: Verdict;

  constructor(postgres: SimPostgres, accounts: AccountsCheck, verdict: Verdict) {
    this.postgres = postgres;
    this.accounts = accounts;
    this.verdict = verdict;
  }

  judgeEnd(): void {
    this.judgeBalances();
    this.judgeOrders();
    this.judgeLoading();
  }

  private judgeBalances(): void {
    const rows = this.postgres.rows("balances");
    const { balances } = this.accounts;
    const isSame =
      rows.length === balances.size &&
      rows.every((row) => {
        const kept = balances.get(`${number(row, "account")} ${number(row, "asset")}`);
        return kept?.total === row["total"] && kept?.held === row["held"];
      });
    this.verdict.expect(isSame, "R7", () => "the balances are not what the journals add up to");
  }

  /** An order's row says what its account was told of it. */
  private judgeOrders(): void {
    const told = new Map<number, ToldOrder>();
    for (const journal of this.accounts.journals.values()) {
      for (const event of journal) tell(told, event);
    }
    const rows = this.postgres.rows("orders");
    this.verdict.expect(
      rows.length === this.accounts.orders.size,
      "R10",
      () => `there are ${rows.length} orders; accounts were told of ${this.accounts.orders.size}`,
    );
    for (const row of rows) {
      const order = told.get(number(row, "order_id"));
      const isSame =
        order !== undefined &&
        order.filled === row["filled"] &&
        order.leaves === row["leaves"] &&
        order.isOver === number(row, "status") >= FIRST_FINAL_STATUS;
      this.verdict.expect(
        isSame,
        "R10",
        () =>
          `order ${number(row, "order_id")}: told ${JSON.stringify(order)}, stored ${JSON.stringify(row)}`,
      );
    }
  }

  private judgeLoading(): void {
    for (const { record } of this.postgres.actors.values()) {
      const actor = restoreActor(record, Links.restore(this.postgres.links(record.id)));
      for (const { table, rows } of rowsOfActor(this.postgres, record.id)) {
        actor.loadPage(table, rows);
      }
      actor.finishLoading();
      actor.checkInvariants();
      this.verdict.expect(
        (actor.loadedHash?.() ?? actor.stateHash()) === record.hash,
        "R6",
        () => `${record.name}: its rows do not give the hash of batch ${record.batch}`,
      );
    }
  }
}

const FIRST_FINAL_STATUS = 4;

function number(row: Row, column: string): number {
  return row[column] as number;
}
