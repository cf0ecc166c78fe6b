/** What holds an order-entry stream back, and what refuses an order at the gateway: its market's backlog. */
import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import {
  type OrderCommand,
  type OrderEntryResponse,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import { QUEUES } from "../../services/common/queues.js";
import type { Catalog } from "../../services/gateway/catalog.js";
import type { Commands } from "../../services/gateway/commands.js";
import { EntryClient, EntryClients } from "../../services/gateway/entry-client.js";
import { commandsRefused } from "../../services/gateway/metrics.js";
import { type EntryCall, OrderEntry } from "../../services/gateway/order-entry.js";
import { OrderIntake, type OrderOutcome } from "../../services/gateway/order-intake.js";
import { exhausted, Refusal } from "../../services/gateway/refusal.js";
import { Session } from "../../services/gateway/session.js";
import { WAY_LAG_MS_MAX, Ways } from "../../services/gateway/ways.js";

const ACCOUNT = 7;
const SHARD = 1;
const MARKET = 1_025;
const LIMIT = QUEUES["gateway-client"].limit;

function place(requestId: number): OrderCommand {
  const value = {
    account: ACCOUNT,
    clientOrderId: `a${requestId}`,
    symbol: "X",
    side: Side.SIDE_BUY,
    type: OrderType.ORDER_TYPE_LIMIT,
    timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
    price: 5,
    quantity: 10,
    ...PLAIN_TERMS,
  };
  return { requestId, command: { $case: "place", value } };
}

/** A stream as a gateway sees it, whose client reads its results or does not. */
class FakeCall extends EventEmitter {
  reads = true;
  readonly written: OrderEntryResponse[] = [];
  private paused = false;

  write(response: OrderEntryResponse): boolean {
    this.written.push(response);
    return this.reads;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  isPaused(): boolean {
    return this.paused;
  }
  end(): void {
    this.emit("ended");
  }
}

/** Takes everything, or so much of each client, and answers when it is told to. */
function entry(client = new EntryClient(), mayWait = Infinity) {
  const call = new FakeCall();
  const waiting: ((outcome: OrderOutcome) => void)[] = [];
  const intake = {
    deadline: () => 0,
    needsCatalog: () => false,
    addressee: () => ({ account: ACCOUNT, shard: SHARD }),
    hasRoom: (_receiver: number, waiting: number) => waiting < mayWait,
    take: (_s: Session, _c: OrderCommand, _d: number, done: (outcome: OrderOutcome) => void) => {
      waiting.push(done);
      return undefined;
    },
  } as unknown as OrderIntake;
  const deps = { intake, catalog: {} as Catalog };
  const onEnd = vi.fn();
  void new OrderEntry(call as unknown as EntryCall, {} as Session, client, deps, onEnd);
  const send = (count: number) =>
    call.emit("data", { commands: Array.from({ length: count }, (_, n) => place(n)) });
  const answer = async (count: number) => {
    const told = { orderId: 1, sequence: 1, token: 1, repeated: false, code: 0 } as OrderOutcome;
    for (const done of waiting.splice(0, count)) done(told);
    await setImmediate();
  };
  return { call, client, send, answer, waiting, onEnd };
}

type Stream = ReturnType<typeof entry>;

describe("an order-entry stream", () => {
  const MESSAGE = 1_000;

  it("is not read while it has so many commands without an answer, and is again after", async () => {
    const { call, client, send, answer } = entry();
    for (let sent = MESSAGE; sent < LIMIT; sent += MESSAGE) send(MESSAGE);
    send(MESSAGE - 1);
    expect(client.unread).toBe(LIMIT - 1);
    expect(call.isPaused()).toBe(false);
    send(1);
    expect(client.unread).toBe(LIMIT);
    expect(call.isPaused()).toBe(true);
    await answer(1);
    expect(client.unread).toBe(LIMIT - 1);
    expect(call.isPaused()).toBe(false);
  });

  it("is not read either while its client does not read so many results", async () => {
    const { call, client, send, answer } = entry();
    call.reads = false;
    for (let sent = 0; sent < LIMIT; sent += MESSAGE) send(MESSAGE);
    await answer(1);
    // That one was written, and told the gateway that there is no room for more.
    await answer(LIMIT);
    expect(client.unread).toBe(LIMIT - 1);
    send(1);
    expect(call.isPaused()).toBe(true);
    call.emit("drain");
    expect(client.unread).toBe(1);
    expect(call.isPaused()).toBe(false);
  });
});

describe("the order-entry streams of one client", () => {
  it("have one limit together, to the command, and go on in turn when there is room", async () => {
    const client = new EntryClient();
    const streams = [entry(client), entry(client), entry(client)];
    const [one, two, three] = streams as [Stream, Stream, Stream];
    for (let sent = 0; sent < LIMIT; sent += 1_000) one.send(1_000);
    for (const stream of streams) stream.send(1_000);
    expect(client.unread).toBe(LIMIT);
    expect(streams.map(({ call }) => call.isPaused())).toEqual([true, true, true]);
    expect(two.waiting).toEqual([]);
    await one.answer(1_000);
    await one.answer(1_000);
    await one.answer(1_000);
    expect(client.unread).toBe(LIMIT);
    expect(one.waiting.length).toBe(LIMIT - 2_000);
    expect(two.waiting.length).toBe(1_000);
    expect(three.waiting.length).toBe(1_000);
  });

  it("have their parts of what a receiver answers together", async () => {
    const client = new EntryClient();
    const [one, two] = [entry(client, 50), entry(client, 50)];
    one.send(60);
    two.send(5);
    expect(one.waiting.length).toBe(50);
    expect(two.waiting.length).toBe(0);
    // What is answered makes room also where it cannot be written.
    one.call.reads = false;
    await one.answer(1);
    await one.answer(20);
    expect(two.waiting.length).toBe(5);
  });

  it("leave what is under way behind for those that follow, until it is answered", async () => {
    const clients = new EntryClients();
    const session = Session.over(`${ACCOUNT},8`);
    const before = entry(clients.of(session));
    before.send(10);
    await before.answer(2);
    before.call.emit("cancelled");
    expect(before.onEnd).toHaveBeenCalledTimes(1);
    expect(clients.unread()).toEqual([8]);
    expect(clients.of(Session.over(`8,${ACCOUNT}`))).toBe(before.client);
    await before.answer(8);
    expect(clients.unread()).toEqual([]);
  });

  it("are of one client where the lowest account is the same, whatever others a session has", () => {
    const clients = new EntryClients();
    const found = ["7", "7,8", "9,7"].map((accounts) => clients.of(Session.over(accounts)));
    expect(new Set(found).size).toBe(1);
  });

  it("are of other clients where the lowest account or the role is another, or it acts for all", () => {
    const clients = new EntryClients();
    const sessions = ["7", "8", "*", "*"].map((accounts) => Session.over(accounts));
    const found = [...sessions, Session.over("7", "read-only")].map((each) => clients.of(each));
    expect(new Set(found).size).toBe(found.length);
  });
});

const KNOWN = {
  instrument: () => ({ id: MARKET, symbol: "X" }),
  isFresh: true,
} as unknown as Catalog;

function intakeOf(ways: Ways, isOverloaded = false, catalog = KNOWN) {
  const submitted: string[] = [];
  const written: Uint8Array[] = [];
  const commands = {
    ways,
    isSilent: () => false,
    deadline: () => 0,
    hasRoom: () => true,
    submit: (_receiver: number, payload: () => Uint8Array, _waiter: unknown, priority: string) => {
      if (isOverloaded) return exhausted("OVERLOADED", "too many", 100);
      submitted.push(priority);
      written.push(payload());
      return undefined;
    },
  } as unknown as Commands;
  const intake = new OrderIntake(commands, catalog, 1);
  const take = (command: OrderCommand) =>
    intake.take(Session.over(`${ACCOUNT}`), command, 0, () => {});
  return { submitted, written, take, intake, catalog };
}

describe("a message with symbols that are not known", () => {
  it("is taken on after one reading of the catalog, however long that takes", async () => {
    let reads = 0;
    let answer: () => void = () => undefined;
    const catalog = {
      instrument: () => undefined,
      isFresh: false,
      refresh: () => {
        reads += 1;
        return new Promise<void>((resolve) => (answer = resolve));
      },
    } as unknown as Catalog;
    const { intake } = intakeOf(new Ways(), false, catalog);
    const call = new FakeCall();
    const deps = { intake, catalog };
    const session = Session.over(`${ACCOUNT}`);
    const client = new EntryClient();
    void new OrderEntry(call as unknown as EntryCall, session, client, deps, () => {});
    call.emit("data", { commands: [place(1), place(2)] });
    expect(call.isPaused()).toBe(true);
    answer();
    await setImmediate();
    await setImmediate();
    const results = call.written.flatMap((response) => response.results);
    expect(results.map(({ code }) => code)).toEqual(["UNKNOWN_SYMBOL", "UNKNOWN_SYMBOL"]);
    expect(call.isPaused()).toBe(false);
    expect(reads).toBe(1);
  });
});

describe("an order command", () => {
  /** Counts how often the account of one stream's commands is looked up. */
  function counted(role: string) {
    const session = Session.over(`${ACCOUNT},8`, role);
    const lookUp = vi.spyOn(session, "account");
    return { session, lookUp };
  }

  it("that is refused under overload was not written down", () => {
    const busy = intakeOf(new Ways(), true);
    const { command } = place(1);
    const reads = vi.fn(() => false);
    Object.defineProperty(command!.value, "reprices", { get: reads });
    expect(busy.take({ requestId: 1, command })).toMatchObject({ code: "OVERLOADED" });
    expect(reads).not.toHaveBeenCalled();
    const free = intakeOf(new Ways());
    expect(free.take({ requestId: 1, command })).toBeUndefined();
    expect(reads).toHaveBeenCalled();
    expect(free.written).toHaveLength(1);
  });

  it("of a stream has its account looked up once, and may be done for no other and not by who only reads", async () => {
    const { intake, catalog, submitted } = intakeOf(new Ways());
    const results = async (session: Session, ...commands: OrderCommand[]) => {
      const call = new FakeCall();
      const deps = { intake, catalog };
      const client = new EntryClient();
      void new OrderEntry(call as unknown as EntryCall, session, client, deps, () => {});
      call.emit("data", { commands });
      await setImmediate();
      return call.written.flatMap((response) => response.results.map(({ code }) => code));
    };
    const trader = counted("trader");
    expect(await results(trader.session, place(1))).toEqual([]);
    expect(trader.lookUp).toHaveBeenCalledTimes(1);
    expect(submitted).toHaveLength(1);

    const foreign = place(2);
    if (foreign.command?.$case === "place") foreign.command.value.account = 9;
    expect(await results(trader.session, foreign)).toEqual(["ACCOUNT_NOT_IN_SESSION"]);
    const unnamed = place(3);
    if (unnamed.command?.$case === "place") unnamed.command.value.account = 0;
    expect(await results(trader.session, unnamed)).toEqual(["ACCOUNT_MISSING"]);
    expect(await results(counted("read-only").session, place(4))).toEqual(["READ_ONLY"]);
    expect(submitted).toHaveLength(1);
  });
});

describe("an order for a market that is behind", () => {
  async function refused(code: string): Promise<number> {
    const { values } = await commandsRefused.get();
    return values.find(({ labels }) => labels.code === code)!.value;
  }

  it("is refused with its own code, counted and told when to try again; a cancel is taken", async () => {
    const before = await refused("MARKET_BEHIND");
    const ways = new Ways();
    const { submitted, take } = intakeOf(ways);
    expect(take(place(1))).toBeUndefined();
    ways.take({ actor: SHARD, lags: [{ receiver: MARKET, ms: WAY_LAG_MS_MAX }] });
    const refusal = take(place(2));
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ code: "MARKET_BEHIND" });
    expect(refusal!.retryMs).toBeGreaterThan(0);
    expect(refusal!.message).toContain("X is 2000 ms behind");
    expect(await refused("MARKET_BEHIND")).toBe(before + 1);
    const cancel = { account: ACCOUNT, orderId: 5, clientOrderId: "" };
    expect(take({ requestId: 3, command: { $case: "cancel", value: cancel } })).toBeUndefined();
    ways.take({ actor: SHARD, lags: [] });
    expect(take(place(4))).toBeUndefined();
    expect(submitted).toEqual(["normal", "high", "normal"]);
  });

  it("is refused as a pair, too", () => {
    const ways = new Ways();
    const { submitted, take } = intakeOf(ways);
    ways.take({ actor: MARKET, lags: [{ receiver: SHARD, ms: WAY_LAG_MS_MAX }] });
    const orders = [place(1), place(2)].map(({ command }) =>
      command?.$case === "place" ? command.value : undefined,
    );
    const pair = { first: orders[0], second: orders[1] };
    expect(take({ requestId: 1, command: { $case: "placePair", value: pair } })).toMatchObject({
      code: "MARKET_BEHIND",
    });
    expect(submitted).toEqual([]);
  });
});
