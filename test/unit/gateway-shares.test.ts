/** Calls that wait for a shard, cancels before all, which are let through where new orders are refused: no client takes the room of all others. */
import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { encodeAnnouncement } from "../../actors/kernel/event-frame.js";
import { Side } from "../../proto/gen/exchange/v1/exchange.js";
import { Admission } from "../../services/gateway/admission.js";
import type { Catalog } from "../../services/gateway/catalog.js";
import { ClientShares } from "../../services/gateway/client-shares.js";
import { Commands } from "../../services/gateway/commands.js";
import { ExchangeTime } from "../../services/gateway/exchange-time.js";
import { Leaders } from "../../services/gateway/leaders.js";
import { ANSWER_MS_MAX, CHECK_EVERY_MS } from "../../services/gateway/limits.js";
import { OrderDesk } from "../../services/gateway/order-desk.js";
import { OrderIntake } from "../../services/gateway/order-intake.js";
import { OrderService } from "../../services/gateway/order-service.js";
import { Refusal } from "../../services/gateway/refusal.js";
import { Session } from "../../services/gateway/session.js";
import type { unary } from "../../services/gateway/unary.js";
import type { Log } from "../../services/ports/log.js";
import { DirectBus } from "../helpers/direct-bus.js";
import { ManualClock } from "../helpers/manual-clock.js";

const SHARD = 1;
const SLOT = 5;
const TOKEN = 3;
/** Cancels and the like that may wait at first, and amends and new orders. */
const MOST = new Admission(new ManualClock()).limit("high");
const MOST_NORMAL = new Admission(new ManualClock()).limit("normal");

type Unary = (request: unknown, session: () => Session) => Promise<unknown>;
/** Handlers as they are, for whoever asks without a connection. */
const bare = ((handler: Unary) => handler) as unknown as ReturnType<typeof unary>;

/** A gateway whose one shard takes everything and answers when it is told to. */
function stage() {
  const clock = new ManualClock();
  const bus = new DirectBus();
  const logger = pino({ level: "silent" });
  const log = { publish: () => Promise.resolve() } as unknown as Log;
  const leaders = new Leaders({ bus, reads: { actorHeads: async () => [] }, clock, logger });
  const time = new ExchangeTime({ now: async () => 0 }, clock);
  const lane = { log, clock, leaders, logger, bus, time };
  const commands = new Commands(lane, { slot: SLOT, token: TOKEN }, () => undefined);
  const catalog = { isFresh: true } as unknown as Catalog;
  const intake = new OrderIntake(commands, catalog, 1);
  const parts = { commands, catalog, intake, shards: 1, logger };
  const desk = new OrderDesk({ ...parts, reads: { order: async () => undefined } as never });
  const service = new OrderService(desk, bare, { ...parts, shares: new ClientShares(parts) });
  const standing = { actor: SHARD, name: "ledger.1", node: "n", batch: 0, eventBatch: 0 };
  const announce = () => {
    leaders.learn([{ ...standing, kind: "ledger", token: 1, anchor: 1 }]);
    const said = { ...standing, token: 1, anchor: 1, marks: [], lags: [] };
    bus.publish("announce.ledger.1", encodeAnnouncement(said));
  };
  announce();
  const answer = (number: number) => {
    const told = { account: 1, code: 0, orderId: 0, sequence: 1, token: 1 };
    commands.answer(
      SHARD,
      { slot: SLOT, token: TOKEN, number },
      { ...told, repeated: false, orders: 0 },
    );
  };
  return { clock, announce, answer, calls: service.handlers as unknown as Record<string, Unary> };
}

type Stage = ReturnType<typeof stage>;

const AMEND = { price: 7, quantity: 0, stopPrice: 0, displayQuantity: 0 };
const CALLS = {
  cancelOrder: { account: 0, orderId: 5, clientOrderId: "" },
  reduceOrder: { account: 0, orderId: 5, clientOrderId: "", leaves: 1 },
  cancelAll: { account: 0, symbol: "", side: Side.SIDE_UNSPECIFIED },
  resolveOrder: { account: 0, clientOrderId: "a" },
  amendOrder: { ...AMEND, account: 0, orderId: 5, clientOrderId: "" },
};
type Call = keyof typeof CALLS;

/** Asks, and gives the refusal if it has one at once. */
async function ask({ calls }: Stage, accounts: string, call: Call = "cancelOrder", account = 0) {
  let refusal: Refusal | undefined;
  calls[call]!({ ...CALLS[call], account }, () => Session.over(accounts)).catch(
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    },
  );
  await setImmediate();
  return refusal;
}

/** Asks until it is refused; gives how many were taken, and why no more. */
async function askAll(on: Stage, accounts: string, call: Call = "cancelOrder") {
  for (let taken = 0; taken <= 2 * MOST; taken++) {
    const refusal = await ask(on, accounts, call);
    if (refusal) return { taken, refusal };
  }
  throw new Error("nothing was refused");
}

describe("calls of one client", () => {
  it.each(Object.keys(CALLS) as Call[])("leave room for those of others: %s", async (call) => {
    const on = stage();
    const { taken, refusal } = await askAll(on, "7", call);
    expect(taken).toBe(Math.ceil((call === "amendOrder" ? MOST_NORMAL : MOST) * 0.8));
    expect(refusal).toMatchObject({ code: "OVERLOADED" });
    expect(refusal.retryMs).toBeGreaterThan(0);
    expect(refusal.message).toContain(`${taken} commands`);
    // Who acts for others besides is the same client; another has its part, and so have operators.
    expect(await ask(on, "7,9", call, 9)).toMatchObject({ code: "OVERLOADED" });
    expect(await ask(on, "8", call)).toBeUndefined();
    expect(await ask(on, "*", call, 7)).toBeUndefined();
  });

  it("are taken again as they are answered, or given up", async () => {
    const on = stage();
    const { taken } = await askAll(on, "7");
    for (let number = 1; number <= 10; number++) on.answer(number);
    await setImmediate();
    expect((await askAll(on, "7")).taken).toBeGreaterThanOrEqual(10);
    on.clock.advance(ANSWER_MS_MAX + CHECK_EVERY_MS);
    on.announce();
    await setImmediate();
    expect((await askAll(on, "7")).taken).toBe(taken);
  });

  it("have a part each: who comes when all is taken has his as it is answered, before who has most", async () => {
    const on = stage();
    let taken = 0;
    for (let client = 7; taken < MOST; client++) taken += (await askAll(on, `${client}`)).taken;
    expect(taken).toBe(MOST);
    expect((await askAll(on, "99")).taken).toBe(0);
    for (let number = 1; number <= MOST / 8; number++) on.answer(number);
    await setImmediate();
    expect((await askAll(on, "7")).taken).toBe(0);
    expect((await askAll(on, "99")).taken).toBe(MOST / 10);
    expect((await askAll(on, "7")).taken).toBe(0);
  });

  it("are refused as before where they may not be asked for", async () => {
    const on = stage();
    expect(await ask(on, "7", "cancelOrder", 8)).toMatchObject({ code: "ACCOUNT_NOT_IN_SESSION" });
    expect(await ask(on, "7,8")).toMatchObject({ code: "ACCOUNT_MISSING" });
  });
});
