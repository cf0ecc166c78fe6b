import { describe, expect, it } from "vitest";
import { encodeAnnouncement, encodeEventFrame } from "../../actors/kernel/event-frame.js";
import { AccountsCheck } from "../../chaos/simulator/checks/accounts.js";
import { AnswersCheck } from "../../chaos/simulator/checks/answers.js";
import type { ActorHistory } from "../../chaos/simulator/checks/history.js";
import { SpeechCheck } from "../../chaos/simulator/checks/speech.js";
import { StreamCheck } from "../../chaos/simulator/checks/streams.js";
import type { MessageSeen, PublishSeen } from "../../chaos/simulator/world/witness.js";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { encodeAccountEvent } from "../../actors/ledger/account-events.js";
import type { Batch } from "../../services/ports/store.js";
import { batchOf, CREATED, frameOf, logOf, MARKET, SHARD, stage } from "../helpers/seen-batches.js";

const payload = new Uint8Array([3, 1]);
const link = (peer: number, received: number, sent = 0) => ({
  peer,
  received,
  sent,
  token: received > 0 ? 1 : 0,
});

describe("one writer", () => {
  it("is content with a batch that follows, and a mark for what it took", () => {
    const { verdict, market, commit } = stage();
    const commands = logOf(frameOf(SHARD, 1, [payload, payload]));
    commit(batchOf(market, { commands, links: [link(SHARD, 2)] }), market);
    const next = { number: 2, commands: logOf(frameOf(SHARD, 3, [payload])) };
    commit(batchOf(market, { ...next, links: [link(SHARD, 3)] }), market);
    expect(verdict.violation).toBeNull();
  });

  it("notices a lower token", () => {
    const { verdict, writer, market, commit } = stage();
    writer.raised(market, 1, 2, "node-2#1");
    commit(batchOf(market), market);
    expect(verdict.violation?.rule).toBe("R1");
  });

  it("notices another life of the process that has raised the token", () => {
    const { verdict, market, commit } = stage();
    commit(batchOf(market), market, "node-1#2");
    expect(verdict.violation?.rule).toBe("R1");
  });

  it("notices a batch twice, and one that is left out", () => {
    for (const number of [1, 3]) {
      const { verdict, market, commit } = stage();
      commit(batchOf(market), market);
      commit(batchOf(market, { number }), market);
      expect(verdict.violation?.rule).toBe("R1");
    }
  });

  it("notices a command taken twice, and one that is left out", () => {
    for (const first of [1, 3]) {
      const { verdict, market, commit } = stage();
      const commands = logOf(frameOf(SHARD, 1, [payload]));
      commit(batchOf(market, { commands, links: [link(SHARD, 1)] }), market);
      const next = { number: 2, commands: logOf(frameOf(SHARD, first, [payload])) };
      commit(batchOf(market, { ...next, links: [link(SHARD, first)] }), market);
      expect(verdict.violation?.rule).toBe("R4");
    }
  });

  it("notices a mark that is not what was taken, and a position that goes back", () => {
    const { verdict, market, commit } = stage();
    const commands = logOf(frameOf(SHARD, 1, [payload]));
    commit(batchOf(market, { commands, links: [] }), market);
    expect(verdict.violation?.rule).toBe("R2");

    const other = stage();
    other.commit(batchOf(other.market, { positionAfter: 5 }), other.market);
    const back = { number: 2, positionBefore: 5, positionAfter: 4 };
    other.commit(batchOf(other.market, back), other.market);
    expect(other.verdict.violation?.rule).toBe("R2");
  });

  it("notices a gap in what is sent, and the deletion of what has not been received", () => {
    const { verdict, market, commit } = stage();
    const outbox = [
      { destination: SHARD, first: 2, last: 2, frame: frameOf(MARKET, 2, [payload]) },
    ];
    commit(batchOf(market, { outbox, links: [link(SHARD, 0, 2)] }), market);
    expect(verdict.violation?.rule).toBe("R4");

    const other = stage();
    other.commit(
      batchOf(other.market, { confirmed: [{ destination: SHARD, upTo: 1 }] }),
      other.market,
    );
    expect(other.verdict.violation?.rule).toBe("R4");
  });
});

describe("what leaves a process", () => {
  const by = { name: "node-1" } as MessageSeen["by"];
  const said = (subject: string, data: Uint8Array): MessageSeen => ({ atUs: 0, by, subject, data });
  const sent = (frame: Uint8Array): PublishSeen => ({
    atUs: 0,
    by,
    actorName: "ledger.1",
    anchor: 1,
    outcome: "stored",
    sequence: 1,
    stored: "",
    frame,
  });

  it("is what was committed", () => {
    const { verdict, history, market, shard, commit } = stage();
    const speech = new SpeechCheck(history, verdict);
    const events = new Uint8Array([1, 2, 3]);
    const frame = frameOf(MARKET, 1, [payload]);
    const outbox = [{ destination: SHARD, first: 1, last: 1, frame }];
    const effects = { ...batchOf(market).effects, events };
    const links = [link(SHARD, 0, 1)];
    commit(batchOf(market, { effects, outbox, links, eventBatch: 1 }), market);
    commit(batchOf(shard), shard);
    const head = { actor: MARKET, token: 1, batch: 1, previousBatch: 0, time: 1 };
    speech.message(said("events.market.X", encodeEventFrame({ ...head, events, replies: null })));
    speech.publish(sent(frameOf(MARKET, 1, [payload])));
    expect(verdict.violation).toBeNull();

    const other = new Uint8Array([1, 2, 4]);
    const wrong = encodeEventFrame({ ...head, events: other, replies: null });
    speech.message(said("events.market.X", wrong));
    expect(verdict.violation?.rule).toBe("R3");
  });

  it("is not a batch, a frame or a mark before its commit", () => {
    const standing = { name: "market.X", node: "node-1", token: 1, eventBatch: 0, anchor: 0 };
    const tooEarly = [
      encodeAnnouncement({ ...standing, actor: MARKET, batch: 1, marks: [], lags: [] }),
      encodeAnnouncement({
        ...standing,
        actor: MARKET,
        batch: 0,
        marks: [
          {
            source: SHARD,
            token: 1,
            number: 1,
          },
        ],
        lags: [],
      }),
    ];
    for (const data of tooEarly) {
      const { verdict, history } = stage();
      new SpeechCheck(history, verdict).message(said("announce.market.X", data));
      expect(verdict.violation?.rule).toBe("R3");
    }
    const { verdict, history } = stage();
    new SpeechCheck(history, verdict).publish(sent(frameOf(MARKET, 1, [payload])));
    expect(verdict.violation?.rule).toBe("R3");
  });

  it("never stands for two commands under one number of a slot", () => {
    const { verdict, history } = stage();
    const speech = new SpeechCheck(history, verdict);
    speech.publish(sent(frameOf(-1, 1, [payload])));
    speech.publish(sent(frameOf(-1, 1, [payload, payload])));
    expect(verdict.violation).toBeNull();
    speech.publish(sent(frameOf(-1, 2, [new Uint8Array([9])])));
    expect(verdict.violation?.rule).toBe("R4");
  });
});

describe("a position in a stream", () => {
  it("may not go on in another stream under the same numbers", () => {
    const { verdict, market } = stage();
    let nowUs = 0;
    const streams = new StreamCheck(verdict, () => nowUs++);
    const stream = { actorName: "market.X", anchor: 1 };
    const about = { ...stream, by: null, atUs: 0, created: CREATED, firstSequence: 1 };
    streams.changed({ ...about, change: "created", lastSequence: 0 });
    for (const sequence of [1, 2, 3]) {
      streams.stored({ ...stream, sequence, stored: `first ${sequence}` });
    }
    streams.commit(batchOf(market, { positionAfter: 3, positionStored: "first 3" }), market);
    market.position = 3;
    market.stored = "first 3";
    expect(verdict.violation).toBeNull();
    streams.changed({ ...about, change: "lost-tail", lastSequence: 2 });
    for (const sequence of [3, 4]) {
      streams.stored({ ...stream, sequence, stored: `second ${sequence}` });
    }
    const next = { positionBefore: 3, positionAfter: 4, positionStored: "second 4" };
    streams.commit(batchOf(market, next), market);
    expect(verdict.violation?.rule).toBe("R5");
  });
});

describe("an account", () => {
  const origin = { slot: 1, token: 1, number: 1 };
  const terms = { baseAsset: 1, quoteAsset: 2, notionalFactor: 1, makerFee: 0, takerFee: 0 };

  /** A batch that tells account 7 of a deposit, with these numbers in its journal's and its balances' rows. */
  function deposit(shard: ActorHistory, first: number, changed: number, total: number): Batch {
    const writer = new ByteWriter();
    encodeAccountEvent(writer, { kind: "deposited", origin, asset: 2, amount: 10, key: "k" });
    const bytes = writer.take();
    const journal = {
      count: 1,
      columns: {
        account: [7],
        first_sequence: [first],
        last_sequence: [first],
        assets: ["{2}"],
        total_changes: [`{${changed}}`],
        held_changes: ["{0}"],
        offset: [0],
        length: [bytes.length],
      },
      bytes,
    };
    const balances = { count: 1, columns: { account: [7], asset: [2], total: [total], held: [0] } };
    const effects = { ...batchOf(shard).effects, rows: { journal, balances } };
    return batchOf(shard, { effects });
  }

  it.each([
    [1, 10, 10, "none", "all is well"],
    [2, 10, 10, "R9", "a number is left out"],
    [1, 11, 11, "R7", "more is booked than was deposited"],
    [1, 10, 11, "R7", "the balance is not what the journal says"],
  ])("from %i, %i booked, %i owned: %s (%s)", (first, changed, total, rule) => {
    const { verdict, shard, history } = stage();
    const check = new AccountsCheck(verdict, () => terms);
    check.commit(history.read(deposit(shard, first, changed, total), "node-1#1"), shard);
    expect(verdict.violation?.rule ?? "none").toBe(rule);
  });

  it("is told the same of an id each time, and what was committed", () => {
    const { verdict } = stage();
    const accounts = new AccountsCheck(verdict, () => terms);
    const answers = new AnswersCheck(accounts, verdict);
    answers.outcome(7, "a", { verdict: "accepted", orderId: 1, code: "OK" });
    expect(verdict.violation?.rule).toBe("R10");
  });

  it("hears each number once", () => {
    const { verdict, shard, history } = stage();
    const accounts = new AccountsCheck(verdict, () => terms);
    accounts.commit(history.read(deposit(shard, 1, 10, 10), "node-1#1"), shard);
    const answers = new AnswersCheck(accounts, verdict);
    const value = { asset: "TWD", amount: 10, idempotencyKey: "k" };
    const told = { account: 7, sequence: 1, token: 1, time: 1, executionType: 0 };
    const event = { ...told, event: { $case: "deposited", value } };
    answers.heard(event as Parameters<typeof answers.heard>[0], 0);
    expect(verdict.violation).toBeNull();
    answers.heard(event as Parameters<typeof answers.heard>[0], 1);
    expect(verdict.violation?.rule).toBe("R9");
  });
});
