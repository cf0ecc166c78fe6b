/** A server that lets nobody in is asked by one at a time; the others are told the same, or go on when it lets them in. */
import { expect, it } from "vitest";
import {
  Doorway,
  DoorwayError,
  FOLLOW_MS_MAX,
  KNOCK_EVERY_MS,
} from "../../services/adapters/postgres/doorway.js";
import { sleep } from "../../services/ports/clock.js";
import { ManualClock } from "../helpers/manual-clock.js";

const STARTING = Object.assign(new Error("the database system is starting up"), { code: "57P03" });
const REFUSED = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const FULL = Object.assign(new Error("sorry, too many clients already"), { code: "53300" });
const WITHIN_MS = 5_000;
const STEP_MS = 5;
/** Of a test's own time; nothing here takes as long. */
const STEPS_MAX = 10_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A server that answers as it is told to, and counts who asks and how many do so at once. */
class Server {
  readonly clock = new ManualClock();
  readonly doorway = new Doorway(this.clock);
  refuses: Error | null = null;
  isSilent = false;
  takesMs = 0;
  asked = 0;
  private asking = 0;
  askedAtOnce = 0;

  readonly connect = async (): Promise<string> => {
    this.asked += 1;
    this.asking += 1;
    this.askedAtOnce = Math.max(this.askedAtOnce, this.asking);
    if (this.isSilent) await new Promise(() => undefined);
    await (this.takesMs > 0 ? sleep(this.clock, this.takesMs) : turn());
    this.asking -= 1;
    if (this.refuses) throw this.refuses;
    return "in";
  };

  pass(withinMs = WITHIN_MS): Promise<string> {
    return this.doorway.pass(this.connect, withinMs);
  }

  /** What so many are told who come at the same time. */
  come(count: number, withinMs = WITHIN_MS): Promise<PromiseSettledResult<string>[]> {
    return this.until(Promise.allSettled(Array.from({ length: count }, () => this.pass(withinMs))));
  }

  /** Lets time pass until something has come about. */
  async until<T>(work: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const end = work.finally(() => {
      state.isOver = true;
    });
    end.catch(() => undefined);
    for (let step = 0; step < STEPS_MAX; step++) {
      await turn();
      if (state.isOver) return end;
      this.clock.advance(STEP_MS);
    }
    throw new Error("it has not come about");
  }
}

const inside = (count: number) =>
  Array.from({ length: count }, () => ({ status: "fulfilled", value: "in" }));
const outside = (count: number, reason: Error) =>
  Array.from({ length: count }, () => ({ status: "rejected", reason }));

it("lets everybody ask for himself while nobody was turned away", async () => {
  const server = new Server();
  expect(await server.come(5)).toEqual(inside(5));
  expect([server.asked, server.askedAtOnce]).toEqual([5, 5]);
});

it.each([STARTING, REFUSED])(
  "asks once for all after $message, until they are let in",
  async (reason) => {
    const server = new Server();
    server.refuses = reason;
    expect(await server.come(1)).toEqual(outside(1, reason));
    server.askedAtOnce = 0;
    for (let turns = 1; turns <= 3; turns++) {
      expect(await server.come(10)).toEqual(outside(10, reason));
      expect([server.asked, server.askedAtOnce]).toEqual([1 + turns, 1]);
    }
    server.refuses = null;
    expect(await server.come(10)).toEqual(inside(10));
    expect(server.asked).toBe(4 + 10);
  },
);

it("takes no other error for a closed door", async () => {
  const server = new Server();
  server.refuses = FULL;
  expect(await server.come(5)).toEqual(outside(5, FULL));
  expect(await server.come(5)).toEqual(outside(5, FULL));
  expect([server.asked, server.askedAtOnce]).toEqual([10, 5]);
});

it("has few ask at once where answers take long", async () => {
  const server = new Server();
  server.refuses = STARTING;
  await server.come(1);
  server.takesMs = 2 * FOLLOW_MS_MAX;
  Object.assign(server, { asked: 0, askedAtOnce: 0 });
  expect(await server.come(20)).toEqual(outside(20, STARTING));
  expect(server.asked).toBeLessThanOrEqual(3);
  expect(server.askedAtOnce).toBeLessThanOrEqual(3);
});

it("does not wait for one who has no answer", async () => {
  const server = new Server();
  server.refuses = REFUSED;
  await server.come(1);
  server.isSilent = true;
  server.pass().catch(() => undefined);
  server.clock.advance(KNOCK_EVERY_MS);
  await turn();
  expect(server.asked).toBe(2);
  Object.assign(server, { isSilent: false, refuses: null });
  expect(await server.come(3)).toEqual(inside(3));
});

it("keeps nobody for longer than he waits, however many there are and whoever has no answer", async () => {
  const server = new Server();
  server.refuses = REFUSED;
  await server.come(1);
  server.isSilent = true;
  const withinMs = 4 * FOLLOW_MS_MAX;
  const tookMs: number[] = [];
  const errors: unknown[] = [];
  const comeMs = server.clock.now();
  for (let n = 0; n < 50; n++) {
    server.pass(withinMs).catch((error: unknown) => {
      errors.push(error);
      tookMs.push(server.clock.now() - comeMs);
    });
  }
  await server.until(sleep(server.clock, withinMs + STEP_MS));
  // Those who have asked are the server's now; all others were told why they had no turn.
  expect(errors).toHaveLength(50 - (server.asked - 1));
  expect(server.asked - 1).toBeLessThanOrEqual(withinMs / FOLLOW_MS_MAX);
  expect(Math.max(...tookMs)).toBeLessThanOrEqual(withinMs + STEP_MS);
  for (const error of errors) {
    expect(error).toBeInstanceOf(DoorwayError);
    expect(error).toMatchObject({ cause: REFUSED, message: expect.stringContaining("1000 ms") });
  }
});

it("turns who would not wait for the next knock away at once, and asks for nobody", async () => {
  const server = new Server();
  server.refuses = STARTING;
  await server.come(1);
  await expect(server.pass(KNOCK_EVERY_MS / 2)).rejects.toThrow("the database system is starting");
  expect(server.asked).toBe(1);
  server.refuses = null;
  expect(await server.come(1)).toEqual(inside(1));
});
