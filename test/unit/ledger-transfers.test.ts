/** What accounts transfer to each other, in one shard and across two. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import {
  ACCOUNT_ID_MAX,
  ASSET_ID_MAX,
  SHARD_DEPOSITS_UNITS_MAX,
} from "../../actors/kernel/limits.js";
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { AccountState } from "../../actors/ledger/account-state.js";
import type { ClientCommand } from "../../actors/ledger/messages.js";
import { TransferStatus } from "../../actors/ledger/transfers.js";
import { ALICE, BASE, BOB, QUOTE, SHARD, codeOf, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
const ELSEWHERE = SHARD + 1;
/** An account of the other shard. */
const CAROL = 2_001;
const { Sent, Settled, Returned } = TransferStatus;

type Transfer = Extract<ClientCommand, { kind: "transfer" }>;

class Bank extends Teller {
  /** 400 of quote from Alice to Bob, who is in her shard, but for what is said otherwise. */
  transfer(changes: Partial<Transfer> = {}) {
    const usual = { account: ALICE, recipient: BOB, shard: SHARD, asset: QUOTE, amount: 400 };
    return this.ask({ kind: "transfer", ...usual, key: "t", ...changes });
  }

  /** The same to Carol, who is elsewhere. */
  send(changes: Partial<Transfer> = {}) {
    return this.transfer({ recipient: CAROL, shard: ELSEWHERE, ...changes });
  }

  /** What Carol's shard says of it. */
  answered(code: number, key = "t") {
    return this.hear({ kind: "credited", sender: ALICE, key, code });
  }

  setState(state: number, account = ALICE) {
    return this.ask({ kind: "set-account", account, state });
  }

  quoteOf(account: number): number {
    return this.balance(account, QUOTE)[0];
  }

  get totals() {
    return this.tables.rows("shard_totals").find(({ asset }) => asset === QUOTE);
  }

  get row() {
    return this.tables.rows("transfers")[0];
  }
}

describe("a transfer within a shard", () => {
  it("is sent, given and settled at once, and each of the two is told in its own sequence", () => {
    const bank = new Bank(FUNDS);
    const terms = { asset: QUOTE, amount: 400, key: "t" };
    expect(bank.transfer().events).toMatchObject([
      { kind: "transfer", recipient: BOB, ...terms },
      { kind: "transfer-ended", recipient: BOB, ...terms, code: Code.OK },
      { kind: "transfer-received", sender: ALICE, ...terms },
    ]);
    expect([bank.quoteOf(ALICE), bank.quoteOf(BOB)]).toEqual([999_600, 1_000_400]);
    expect(bank.row).toMatchObject({ recipient: BOB, status: Settled, sent: 4, sequence: 5 });
    expect(bank.tables.rows("credits")).toEqual([
      { account: BOB, sequence: 4, sender: ALICE, ...terms },
    ]);
    expect(bank.totals).toMatchObject({ transferred_in: 400, transferred_out: 400 });
  });

  it("is refused, and nothing moves, when its recipient cannot be given it", () => {
    const bank = new Bank({ quote: 1_000_000 });
    expect(codeOf(bank.transfer({ recipient: 999 }))).toBe("UNKNOWN_RECIPIENT");
    expect(codeOf(bank.transfer({ recipient: houseAccountOf(SHARD) }))).toBe("UNKNOWN_RECIPIENT");
    bank.ask({ kind: "open", account: 103 });
    bank.setState(AccountState.Closed, 103);
    expect(codeOf(bank.transfer({ recipient: 103 }))).toBe("RECIPIENT_CLOSED");
    expect(bank.quoteOf(ALICE)).toBe(1_000_000);
    expect(bank.tables.rows("transfers")).toEqual([]);
  });

  it("reaches a frozen account, as a deposit does, and leaves one that may only part with what it has", () => {
    const bank = new Bank(FUNDS);
    bank.setState(AccountState.CloseOnly, ALICE);
    bank.setState(AccountState.Frozen, BOB);
    expect(codeOf(bank.transfer())).toBeUndefined();
    expect(codeOf(bank.transfer({ account: BOB, recipient: ALICE }))).toBe("ACCOUNT_FROZEN");
  });
});

describe("a transfer to another shard", () => {
  it("has left its account and is nobody's until the other shard has answered", () => {
    const bank = new Bank(FUNDS);
    const { events, messages } = bank.send();
    const terms = { asset: QUOTE, amount: 400, key: "t" };
    expect(events).toMatchObject([{ kind: "transfer", recipient: CAROL, ...terms }]);
    expect(messages).toEqual([{ kind: "credit", sender: ALICE, recipient: CAROL, ...terms }]);
    expect(bank.quoteOf(ALICE)).toBe(999_600);
    expect(bank.row).toMatchObject({ status: Sent, sent: 4, sequence: 4 });
    bank.restart();
    expect(bank.answered(Code.OK).events).toMatchObject([
      { kind: "transfer-ended", recipient: CAROL, ...terms, code: Code.OK },
    ]);
    expect(bank.row).toMatchObject({ status: Settled, sent: 4, sequence: 5 });
    expect(bank.quoteOf(ALICE)).toBe(999_600);
    expect(bank.totals).toMatchObject({ transferred_in: 0, transferred_out: 400 });
  });

  it("comes back when its recipient could not be given it", () => {
    const bank = new Bank(FUNDS);
    bank.send();
    const { events } = bank.answered(Code.RECIPIENT_CLOSED);
    expect(events).toMatchObject([{ kind: "transfer-ended", code: Code.RECIPIENT_CLOSED }]);
    expect(bank.row).toMatchObject({ status: Returned, code: Code.RECIPIENT_CLOSED });
    expect(bank.quoteOf(ALICE)).toBe(1_000_000);
    expect(bank.totals).toMatchObject({ transferred_in: 400, transferred_out: 400 });
    expect(() => bank.answered(Code.OK)).toThrow("has ended");
  });

  it("is given to its recipient, or answered with why not", () => {
    const bank = new Bank(FUNDS);
    const credit = { kind: "credit", sender: CAROL, key: "c", asset: QUOTE, amount: 70 } as const;
    const given = bank.hear({ ...credit, recipient: BOB });
    expect(given.events).toMatchObject([{ kind: "transfer-received", sender: CAROL, amount: 70 }]);
    expect(given.messages).toEqual([{ kind: "credited", sender: CAROL, key: "c", code: Code.OK }]);
    expect(bank.quoteOf(BOB)).toBe(1_000_070);
    const refused = bank.hear({ ...credit, key: "d", recipient: 999 });
    expect(refused.events).toEqual([]);
    expect(refused.messages).toEqual([
      { kind: "credited", sender: CAROL, key: "d", code: Code.UNKNOWN_RECIPIENT },
    ]);
    expect(bank.tables.rows("credits")).toHaveLength(1);
  });

  it("keeps its account from being closed while it may come back", () => {
    const bank = new Bank({ quote: 400 });
    bank.send();
    expect(codeOf(bank.setState(AccountState.Closed))).toBe("ACCOUNT_NOT_EMPTY");
    bank.restart();
    expect(codeOf(bank.setState(AccountState.Closed))).toBe("ACCOUNT_NOT_EMPTY");
    bank.answered(Code.OK);
    expect(codeOf(bank.setState(AccountState.Closed))).toBeUndefined();
  });
});

describe("a transfer of either kind", () => {
  it("is the same transfer under the same key, whatever has become of it, also after a restart", () => {
    const bank = new Bank(FUNDS);
    bank.send();
    const again = () => [
      codeOf(bank.send()),
      codeOf(bank.send({ amount: 401 })),
      codeOf(bank.send({ asset: BASE })),
      codeOf(bank.transfer()),
    ];
    const reused = "TRANSFER_KEY_REUSED";
    expect(again()).toEqual(["OK again", reused, reused, reused]);
    bank.answered(Code.UNKNOWN_RECIPIENT);
    bank.restart();
    expect(again()).toEqual(["OK again", reused, reused, reused]);
    expect(bank.quoteOf(ALICE)).toBe(1_000_000);
    expect(codeOf(bank.transfer({ account: BOB, recipient: ALICE }))).toBeUndefined();
  });

  it("takes nothing that an order or a withdrawal holds", () => {
    const bank = new Bank({ quote: 10_000 });
    bank.placed({ price: 100, quantity: 10 });
    bank.ask({ kind: "withdraw", account: ALICE, asset: QUOTE, amount: 1_000, key: "w" });
    expect(codeOf(bank.transfer({ amount: 6_001 }))).toBe("INSUFFICIENT_FUNDS");
    expect(codeOf(bank.transfer({ amount: 6_000 }))).toBeUndefined();
    expect(bank.balance(ALICE, QUOTE)).toEqual([4_000, 4_000]);
  });

  it.each<[string, Partial<Transfer>]>([
    ["UNKNOWN_ASSET", { asset: 0 }],
    ["UNKNOWN_ASSET", { asset: ASSET_ID_MAX + 1 }],
    ["AMOUNT_NOT_POSITIVE", { amount: 0 }],
    ["AMOUNT_TOO_LARGE", { amount: SHARD_DEPOSITS_UNITS_MAX + 1 }],
    ["TRANSFER_KEY_MISSING", { key: "" }],
    ["TRANSFER_TO_ITSELF", { recipient: ALICE }],
    ["UNKNOWN_RECIPIENT", { shard: 0 }],
    ["UNKNOWN_RECIPIENT", { shard: 513 }],
    ["UNKNOWN_RECIPIENT", { recipient: ACCOUNT_ID_MAX }],
    ["INSUFFICIENT_FUNDS", { amount: 1_000_001 }],
    ["INSUFFICIENT_FUNDS", { asset: 9 }],
    ["UNKNOWN_ACCOUNT", { account: 999 }],
    ["DEADLINE_PASSED", { deadline: 1 }],
  ])("is refused with %s, and nothing moves: %j", (code, changes) => {
    const bank = new Bank(FUNDS);
    const before = bank.shard.stateHash();
    expect(codeOf(bank.transfer(changes))).toBe(code);
    expect(bank.shard.stateHash()).toBe(before);
  });
});
