import { describe, expect, it } from "vitest";
import { status } from "@grpc/grpc-js";
import { pino } from "pino";
import { encodeAnnouncement, encodeResendRequest } from "../../actors/kernel/event-frame.js";
import { decodeFrame } from "../../actors/kernel/frame.js";
import {
  Admission,
  ANSWERS_PER_SECOND_AT_FIRST,
  type Priority,
} from "../../services/gateway/admission.js";
import { Commands } from "../../services/gateway/commands.js";
import { ExchangeTime } from "../../services/gateway/exchange-time.js";
import { Leaders } from "../../services/gateway/leaders.js";
import {
  ANSWER_GRACE_MS,
  CHECK_EVERY_MS,
  COMMAND_DEADLINE_MS,
  NO_LEADER_AFTER_MS,
  PENDING_COMMANDS_PER_RECEIVER_MAX,
  PUBLISHES_IN_FLIGHT_MAX,
  RESEND_AFTER_MS,
  RETRY_WHEN_FULL_MS,
  RETRY_WHEN_STOPPING_MS,
  STREAM_FULL_PAUSE_MS,
  STREAM_FULL_RETURN_MS,
} from "../../services/gateway/limits.js";
import { answersPerSecond, pendingCommands } from "../../services/gateway/metrics.js";
import { RETRY_SPREAD, RETRY_STEPS } from "../../services/gateway/overload.js";
import type { Answer } from "../../services/gateway/pending.js";
import type { Refusal } from "../../services/gateway/refusal.js";
import { type Bus, type Log, LogRefusedError } from "../../services/ports/log.js";
import { ManualClock } from "../helpers/manual-clock.js";

const SHARD = 1;
/** An actor that nothing is known of. */
const UNHEARD = 1_025;
const SLOT = 5;
const TOKEN = 3;
const payload = new Uint8Array([1]);

/** What is said is heard at once. */
class TestBus implements Bus {
  private readonly handlers: { subject: string; handle: (data: Uint8Array, on: string) => void }[] =
    [];
  publish(subject: string, data: Uint8Array): void {
    for (const { subject: wanted, handle } of this.handlers) {
      if (wanted === subject || (wanted.endsWith(">") && subject.startsWith(wanted.slice(0, -1)))) {
        handle(data, subject);
      }
    }
  }
  subscribe(subject: string, handle: (data: Uint8Array, on: string) => void): () => void {
    this.handlers.push({ subject, handle });
    return () => undefined;
  }
  onReconnect(): () => void {
    return () => undefined;
  }
  async roundTrip(): Promise<void> {}
}

/** Keeps what is published, and answers when it is told to. */
class TestLog implements Pick<Log, "publish"> {
  readonly published: {
    anchor: number;
    first: number;
    count: number;
    done: (error?: Error) => void;
  }[] = [];
  publish(_actor: string, anchor: number, bytes: Uint8Array): Promise<void> {
    const { first, commands } = decodeFrame(bytes);
    return new Promise((resolve, reject) => {
      const done = (error?: Error) => (error ? reject(error) : resolve());
      this.published.push({ anchor, first, count: commands.length, done });
    });
  }
  get firsts(): number[] {
    return this.published.map(({ first }) => first);
  }
}

/** Who is refused the same is told when to come back in so many ways, the earliest and the latest as far from the mean. */
function expectSpread(submit: () => Refusal | undefined, code: string, retryMs: number): void {
  const refusals = Array.from({ length: RETRY_STEPS }, submit);
  expect(refusals).toEqual(
    Array.from({ length: RETRY_STEPS }, () => expect.objectContaining({ code })),
  );
  const times = refusals.map((refusal) => refusal!.retryMs);
  expect(new Set(times).size).toBe(RETRY_STEPS);
  expect(Math.min(...times)).toBe(Math.round(retryMs * (1 - RETRY_SPREAD)));
  expect(Math.max(...times)).toBe(Math.round(retryMs * (1 + RETRY_SPREAD)));
}

function stage() {
  const clock = new ManualClock();
  const bus = new TestBus();
  const log = new TestLog();
  const logger = pino({ level: "silent" });
  const leaders = new Leaders({ bus, reads: { actorHeads: async () => [] }, clock, logger });
  const time = new ExchangeTime({ now: async () => 0 }, clock);
  let doubts = 0;
  const commands = new Commands(
    { log: log as unknown as Log, clock, leaders, logger, bus, time },
    { slot: SLOT, token: TOKEN },
    () => (doubts += 1),
  );
  const announce = (
    said: { token?: number; anchor?: number; mark?: number; markToken?: number } = {},
  ) => {
    const { token = 1, anchor = 1, mark, markToken = TOKEN } = said;
    const marks = mark === undefined ? [] : [{ source: -SLOT, token: markToken, number: mark }];
    const standing = { actor: SHARD, name: "ledger.1", node: "n", batch: 0, eventBatch: 0 };
    leaders.learn([{ ...standing, kind: "ledger", token, anchor }]);
    bus.publish(
      "announce.ledger.1",
      encodeAnnouncement({ ...standing, token, anchor, marks, lags: [] }),
    );
  };
  const answers: (Answer | null)[] = [];
  const submit = () =>
    commands.submit(
      SHARD,
      () => payload,
      (answer) => answers.push(answer),
    );
  return { clock, bus, log, commands, doubts: () => doubts, announce, answers, submit };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a gateway's commands", () => {
  it("of one turn go out as one frame, few frames at a time", async () => {
    const { log, announce, submit } = stage();
    announce();
    for (let n = 0; n < 3; n++) expect(submit()).toBeUndefined();
    await turn();
    expect(log.published).toMatchObject([{ first: 1, count: 3, anchor: 1 }]);
    for (let n = 0; n < PUBLISHES_IN_FLIGHT_MAX + 3; n++) {
      submit();
      await turn();
    }
    expect(log.published).toHaveLength(PUBLISHES_IN_FLIGHT_MAX);
    log.published[0]!.done();
    await turn();
    const last = log.published.at(-1)!;
    expect(last.first + last.count - 1).toBe(PUBLISHES_IN_FLIGHT_MAX + 6);
  });

  it("are refused before they have a number while nobody leads the receiver", () => {
    const { clock, announce, submit } = stage();
    expect(submit()).toMatchObject({ code: "NO_LEADER" });
    announce();
    expect(submit()).toBeUndefined();
    clock.advance(NO_LEADER_AFTER_MS + 1);
    expect(submit()).toMatchObject({ code: "NO_LEADER" });
  });

  it("are refused while the gateway stops, and told when to try elsewhere", async () => {
    const { commands, announce, submit } = stage();
    announce();
    await commands.drain(0);
    const retryMs = RETRY_WHEN_STOPPING_MS;
    expect(submit()).toMatchObject({ code: "GATEWAY_STOPPING", retryMs });
    // 0 would say that trying again is of no use.
    expect(retryMs).toBeGreaterThan(0);
  });

  it("are refused above the limit, until some are confirmed", () => {
    const { commands, announce } = stage();
    announce();
    const submit = () => commands.submit(SHARD, () => payload, null);
    for (let n = 0; n < PENDING_COMMANDS_PER_RECEIVER_MAX; n++) expect(submit()).toBeUndefined();
    expectSpread(submit, "TOO_MANY_PENDING", RETRY_WHEN_FULL_MS);
    announce({ mark: 1 });
    expect(submit()).toBeUndefined();
  });

  it("that are not confirmed, and how many are answered, are shown by their receiver's name", async () => {
    const { clock, commands, announce, submit } = stage();
    commands.hasRoom(UNHEARD, 0);
    announce();
    submit();
    submit();
    clock.advance(CHECK_EVERY_MS);
    const { values } = await pendingCommands.get();
    const receivers = values.map(({ labels }) => String(labels.receiver));
    expect(values.find(({ labels }) => labels.receiver === "ledger.1")?.value).toBe(2);
    const rates = (await answersPerSecond.get()).values;
    expect(rates.find(({ labels }) => labels.receiver === "ledger.1")?.value).toBe(
      ANSWERS_PER_SECOND_AT_FIRST,
    );
    expect(receivers.filter((receiver) => !/^(ledger|market)\./.test(receiver))).toEqual([]);
  });

  it("of which more wait than the receiver can answer in time are refused early, but for cancels and the like", () => {
    const { commands, announce, submit } = stage();
    announce();
    const place = () =>
      commands.submit(
        SHARD,
        () => payload,
        () => undefined,
        "normal",
      );
    const admission = new Admission(new ManualClock());
    let taken = 0;
    while (!place()) taken += 1;
    expect(taken).toBe(admission.limit("normal"));
    expect(commands.hasRoom(SHARD, taken * 0.05)).toBe(true);
    expect(commands.hasRoom(SHARD, taken * 0.15)).toBe(false);
    const refused = { code: "OVERLOADED", grpcStatus: status.RESOURCE_EXHAUSTED };
    expect(place()).toMatchObject(refused);
    expect(submit()).toBeUndefined();
    const answer = { account: 1, code: 0, orderId: 0, sequence: 1, token: 1 };
    const said = { ...answer, repeated: false, orders: 0 };
    // One place more is none yet: what is refused is refused until it is worth it.
    const answered = (number: number) =>
      commands.answer(SHARD, { slot: SLOT, token: TOKEN, number }, said);
    answered(1);
    answered(2);
    expect(place()).toMatchObject(refused);
    for (let number = 3; number < taken / 2; number++) answered(number);
    expect(place()).toBeUndefined();
    let others = 0;
    while (!submit()) others += 1;
    expect(others).toBeGreaterThan(taken);
    expect(others).toBeLessThan(PENDING_COMMANDS_PER_RECEIVER_MAX);
  });

  it("that are too many are told times around the one that would do, cancels and the like their own", () => {
    const { commands, announce } = stage();
    announce();
    const submit = (priority: Priority) =>
      commands.submit(
        SHARD,
        () => payload,
        () => undefined,
        priority,
      );
    const told = (priority: Priority) => {
      let waiting = 0;
      while (!submit(priority)) waiting += 1;
      const refusals = Array.from({ length: 4 * RETRY_STEPS }, () => submit(priority)!);
      return { waiting, refusals, times: refusals.map(({ retryMs }) => retryMs) };
    };
    const orders = told("normal");
    const retryMs = Math.ceil((orders.waiting * 1_000) / ANSWERS_PER_SECOND_AT_FIRST);
    expect(Math.min(...orders.times)).toBe(Math.round(retryMs * (1 - RETRY_SPREAD)));
    expect(Math.max(...orders.times)).toBe(Math.round(retryMs * (1 + RETRY_SPREAD)));
    const mean = orders.times.reduce((sum, ms) => sum + ms, 0) / orders.times.length;
    expect(Math.abs(mean - retryMs)).toBeLessThan(1);
    // As many each, and to refuse makes no more of them.
    expect(new Set(orders.times).size).toBe(RETRY_STEPS);
    expect(new Set(orders.refusals).size).toBe(RETRY_STEPS);
    for (const [at, ms] of orders.times.slice(1).entries()) {
      expect(Math.abs(ms - orders.times[at]!)).toBeGreaterThan(retryMs * RETRY_SPREAD * 0.5);
    }
    const cancels = told("high");
    expect(Math.min(...cancels.times)).toBeGreaterThan(Math.max(...orders.times));
  });

  it("are sent again when they are asked for, by time, to a new leader and to a new inbox", async () => {
    const { clock, bus, log, announce, submit } = stage();
    announce();
    for (let n = 0; n < 3; n++) {
      submit();
      await turn();
    }
    const ask = (from: number) =>
      bus.publish(
        `resend.slot.${SLOT}`,
        encodeResendRequest({ receiver: SHARD, source: -SLOT, from }),
      );
    ask(2);
    expect(log.firsts).toEqual([1, 2, 3, 2, 3]);
    clock.advance(RESEND_AFTER_MS - 100);
    expect(log.firsts).toHaveLength(5);
    clock.advance(200);
    expect(log.firsts.slice(5)).toContain(1);
    announce({ mark: 1 });
    const before = log.published.length;
    announce({ token: 2 });
    expect(log.firsts.slice(before)).toEqual([2, 3]);
    announce({ token: 2, anchor: 2 });
    expect(log.published.slice(-2)).toMatchObject([
      { first: 2, anchor: 2 },
      { first: 3, anchor: 2 },
    ]);
    announce({ token: 1, mark: 3 });
    ask(0);
    expect(log.firsts.slice(-2)).toEqual([2, 3]);
    announce({ token: 2, anchor: 2, mark: 3 });
    const sent = log.published.length;
    ask(0);
    expect(log.published).toHaveLength(sent);
  });

  it("keep their numbers when the log refuses their frame; a full stream refuses new ones", async () => {
    const { clock, log, announce, submit } = stage();
    announce();
    submit();
    await turn();
    log.published[0]!.done(new LogRefusedError("full", "as if"));
    await turn();
    const inTurn = () => Array.from({ length: RETRY_STEPS }, () => submit()!);
    const early = inTurn();
    clock.advance(100);
    expect(log.firsts).toEqual([1, 1]);
    clock.advance(STREAM_FULL_PAUSE_MS - 200);
    announce();
    const late = inTurn();
    // Whenever they were refused, they come back over the whole second after the pause, and none before.
    for (const [refusals, leftMs] of [
      [early, STREAM_FULL_PAUSE_MS],
      [late, 100],
    ] as const) {
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["STREAM_FULL"]));
      const times = refusals.map(({ retryMs }) => retryMs - leftMs).sort((a, b) => a - b);
      const even = (step: number) => Math.round((STREAM_FULL_RETURN_MS * (step + 1)) / RETRY_STEPS);
      expect(times).toEqual(times.map((_, step) => even(step)));
    }
    clock.advance(STREAM_FULL_PAUSE_MS);
    for (const { done } of log.published) done();
    announce();
    expect(submit()).toBeUndefined();
    await turn();
    expect(log.firsts.at(-1)).toBe(2);
  });

  it("end as unknown when nobody answers, and only then", async () => {
    const { clock, commands, announce, answers, submit } = stage();
    announce();
    submit();
    submit();
    await turn();
    const said = {
      account: 1,
      code: 0,
      orderId: 7,
      sequence: 1,
      token: 1,
      repeated: false,
      orders: 0,
    };
    commands.answer(SHARD, { slot: SLOT, token: TOKEN - 1, number: 1 }, said);
    commands.answer(SHARD, { slot: SLOT + 1, token: TOKEN, number: 1 }, said);
    expect(answers).toEqual([]);
    commands.answer(SHARD, { slot: SLOT, token: TOKEN, number: 2 }, said);
    expect(answers).toEqual([said]);
    clock.advance(COMMAND_DEADLINE_MS + ANSWER_GRACE_MS - 100);
    expect(answers).toHaveLength(1);
    clock.advance(200);
    expect(answers).toEqual([said, null]);
    commands.answer(SHARD, { slot: SLOT, token: TOKEN, number: 1 }, said);
    expect(answers).toHaveLength(2);
  });

  it("to a receiver that answers nobody are done when it has committed them", async () => {
    const { clock, commands, announce } = stage();
    await expect(commands.commit(SHARD, payload)).rejects.toMatchObject({ code: "NO_LEADER" });
    announce();
    const done: number[] = [];
    const first = commands.commit(SHARD, payload).then(() => done.push(1));
    const second = commands.commit(SHARD, payload).then(() => done.push(2));
    await turn();
    expect(done).toEqual([]);
    announce({ mark: 1 });
    await first;
    expect(done).toEqual([1]);
    announce({ mark: 2 });
    await second;
    const third = commands.commit(SHARD, payload);
    const ending = expect(third).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    await turn();
    clock.advance(COMMAND_DEADLINE_MS + ANSWER_GRACE_MS + 100);
    await ending;
  });

  it("are not confirmed by marks of the slot's earlier holder; a later holder's mark deposes", async () => {
    const { clock, log, announce, submit, doubts } = stage();
    announce();
    submit();
    await turn();
    announce({ mark: 1, markToken: TOKEN - 1 });
    expect(doubts()).toBe(0);
    clock.advance(RESEND_AFTER_MS + 100);
    expect(log.firsts.slice(0, 2)).toEqual([1, 1]);
    announce({ mark: 1, markToken: TOKEN + 1 });
    expect(doubts()).toBe(1);
  });
});
