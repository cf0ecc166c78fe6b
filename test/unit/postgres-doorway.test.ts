/** A server that lets nobody in is asked by one at a time; the others are told the same, or go on when it lets them in. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Doorway, FOLLOW_MS_MAX } from "../../services/adapters/postgres/doorway.js";

const STARTING = Object.assign(new Error("the database system is starting up"), { code: "57P03" });
const REFUSED = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const FULL = Object.assign(new Error("sorry, too many clients already"), { code: "53300" });

/** A server that answers as it is told to, and counts who asks and how many do so at once. */
class Server {
  readonly doorway = new Doorway();
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
    await (this.takesMs > 0 ? sleep(this.takesMs) : new Promise(setImmediate));
    this.asking -= 1;
    if (this.refuses) throw this.refuses;
    return "in";
  };

  /** What so many are told who come at the same time. */
  come(count: number): Promise<PromiseSettledResult<string>[]> {
    return Promise.allSettled(Array.from({ length: count }, () => this.doorway.pass(this.connect)));
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
    for (let turn = 1; turn <= 3; turn++) {
      expect(await server.come(10)).toEqual(outside(10, reason));
      expect([server.asked, server.askedAtOnce]).toEqual([1 + turn, 1]);
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
  const unanswered = server.doorway.pass(server.connect);
  unanswered.catch(() => undefined);
  while (server.asked < 2) await new Promise(setImmediate);
  Object.assign(server, { isSilent: false, refuses: null });
  expect(await server.come(3)).toEqual(inside(3));
});
