/** An inbox when something breaks: its server crashes, stands still, or comes back without what it had. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { checkStream } from "../../services/host/inbox-identity.js";
import type { LogBench, OpenLogBench } from "./log-bench.js";
import {
  ANCHOR,
  bytesOf,
  countTo,
  no,
  PATIENCE,
  publishAll,
  QUIET_MS,
  Reader,
  reasonOf,
  textOf,
  yes,
} from "./log-reader.js";

/** Long enough to notice that the log went, not long enough for it to be back. */
const AWAY_MS = 15;

export function describeLogFaults(adapter: string, open: OpenLogBench): void {
  describe(`the log on ${adapter} when something breaks`, () => {
    let bench: LogBench;
    let made = 0;

    beforeAll(async () => {
      bench = await open();
    });

    afterAll(() => bench?.close());

    async function inbox(): Promise<string> {
      made += 1;
      const name = marketName(`${made}.TW/B-_`);
      await bench.log.create(name, ANCHOR);
      return name;
    }

    it("tries again when a later verification cannot be made", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a"]);
      const texts: string[] = [];
      let verifications = 0;
      const consumption = await bench.log.consume(name, ANCHOR, 1, {
        deliver: ({ data }) => texts.push(textOf(data)),
        verify: () => {
          verifications += 1;
          const isLater = verifications === 2 || verifications === 3;
          return isLater ? Promise.reject(new Error("nobody could say")) : Promise.resolve();
        },
        onLost: (error) => texts.push(String(error)),
      });
      await vi.waitFor(() => expect(texts).toEqual(["a"]), PATIENCE);
      await bench.crash();
      await publishAll(bench.other.log, name, ["b"]);
      await vi.waitFor(() => expect(texts).toEqual(["a", "b"]), PATIENCE);
      expect(verifications).toBeGreaterThanOrEqual(4);
      consumption.stop();
    });

    it("ends when the inbox is deleted, and delivers nothing of the one made in its place", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a", "b"]);
      await reader.until(2);
      await bench.remove(name, ANCHOR);
      await bench.other.log.create(name, ANCHOR);
      await publishAll(bench.other.log, name, ["another a", "another b", "another c"]);
      await reader.untilLost();
      await sleep(QUIET_MS);
      expect(reader.lost.map((error) => error.name)).toEqual(["StreamIdentityError"]);
      expect(reader.texts).toEqual(["a", "b"]);
    });

    it("goes on after a crash in the middle of a stream, with nothing lost or repeated", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      const texts = countTo(3_000).map((n) => `frame ${n}`);
      const publishing = publishAll(bench.other.log, name, texts);
      for (const part of [0.2, 0.5]) {
        await reader.until(Math.floor(texts.length * part));
        const before = reader.verifiedAt.length;
        await bench.crash();
        // Else a slow reader's second crash could come while it is not yet back from the first.
        await vi.waitFor(() => expect(reader.verifiedAt.length).toBeGreaterThan(before), PATIENCE);
      }
      await publishing;
      await vi.waitFor(() => expect(reader.texts.at(-1)).toBe(texts.at(-1)), PATIENCE);

      expect(reader.sequences).toEqual(countTo(reader.messages.length));
      expect(reader.lost).toEqual([]);
      // A frame whose answer was lost was sent again; but for that, it is the order of the calls.
      expect([...new Set(reader.texts)]).toEqual(texts);
      const stored = await bench.log.identify(name, ANCHOR);
      expect(stored!.lastSequence).toBe(reader.messages.length);
      expect(reader.verifiedAt.length).toBeGreaterThanOrEqual(3);
    });

    it("ends when the inbox was made anew while there was no connection", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a"]);
      await reader.until(1);
      await bench.remove(name, ANCHOR);
      await bench.crash();
      await vi.waitFor(() => bench.other.log.create(name, ANCHOR), PATIENCE);
      await publishAll(bench.other.log, name, ["another a", "another b"]);
      await reader.untilLost();
      await sleep(QUIET_MS);
      expect(reader.texts).toEqual(["a"]);
      expect(reader.lost.length).toBe(1);
    });

    it("says once that the inbox is another, when it begins while the log is away", async () => {
      const name = await inbox();
      const created = (await bench.log.identify(name, ANCHOR))!.created;
      await bench.remove(name, ANCHOR);
      const crashing = bench.crash();
      await sleep(AWAY_MS);
      const lost: Error[] = [];
      const verify = () =>
        checkStream(bench.log, name, { anchor: ANCHOR, created, position: 0, positionStored: "" });
      const begin = (): Promise<unknown> =>
        bench.log
          .consume(name, ANCHOR, 1, {
            deliver: () => undefined,
            verify,
            onLost: (error) => lost.push(error),
          })
          .then(
            () => "it has begun",
            (error: Error) => error.name,
          );
      let end = await begin();
      // On a busy machine the loss is noticed only now, in the midst of the first question: whoever asks begins again.
      if (end !== "StreamIdentityError") end = await begin();
      await crashing;
      await sleep(QUIET_MS);
      expect(end).toBe("StreamIdentityError");
      expect(lost).toEqual([]);
    });

    it("ends when the log has lost its tail, though others have filled it again", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a", "b"]);
      await sleep(QUIET_MS);
      await bench.remember();
      await publishAll(bench.log, name, ["c", "d"]);
      await reader.until(4);
      await bench.rollBack();
      await publishAll(bench.other.log, name, ["another c", "another d", "another e"]);
      await reader.untilLost();
      await sleep(QUIET_MS);
      expect(reader.lost.map((error) => error.name)).toEqual(["StreamIdentityError"]);
      expect(reader.texts).toEqual(["a", "b", "c", "d"]);
    });

    it("reads on when the log has lost nothing that was read", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a", "b"]);
      await reader.until(2);
      await sleep(QUIET_MS);
      await bench.remember();
      await bench.rollBack();
      await publishAll(bench.other.log, name, ["c"]);
      await vi.waitFor(() => expect(reader.texts.at(-1)).toBe("c"), PATIENCE);
      expect(new Set(reader.texts)).toEqual(new Set(["a", "b", "c"]));
      expect(reader.sequences).toEqual(countTo(reader.messages.length));
      expect(reader.lost).toEqual([]);
    });

    it("ends when the log has lost everything, and delivers nothing of what is made anew", async () => {
      await bench.remember();
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a"]);
      await reader.until(1);
      await bench.rollBack();
      await vi.waitFor(() => bench.other.log.create(name, ANCHOR), PATIENCE);
      await publishAll(bench.other.log, name, ["another a", "another b"]);
      await reader.untilLost();
      await sleep(QUIET_MS);
      expect(reader.lost.map((error) => error.name)).toEqual(["StreamIdentityError"]);
      expect(reader.texts).toEqual(["a"]);
    });

    it("says that it does not know when nothing answers, and goes on when something does", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a"]);
      await reader.until(1);
      await bench.freeze();
      try {
        // What is answered still was taken before the server stood still.
        let publishing: Promise<void>;
        do publishing = bench.other.log.publish(name, ANCHOR, bytesOf("b"));
        while (await publishing.then(yes, no));
        expect(await reasonOf(publishing)).toBe("unavailable");
      } finally {
        await bench.thaw();
      }
      await publishAll(bench.other.log, name, ["c"]);
      await vi.waitFor(() => expect(reader.texts.at(-1)).toBe("c"), PATIENCE);
      expect([...new Set(reader.texts)].filter((text) => text !== "b")).toEqual(["a", "c"]);
      expect(reader.sequences).toEqual(countTo(reader.messages.length));
      expect(reader.lost).toEqual([]);
    });

    it("keeps the order of what is published while it is away, and answers when it is back", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.other.log, name, ["a"]);
      const texts = countTo(200).map((n) => `frame ${n}`);
      const crashing = bench.crash();
      const outcomes: Promise<boolean>[] = [];
      for (const text of texts) {
        outcomes.push(bench.other.log.publish(name, ANCHOR, bytesOf(text)).then(yes, no));
        await sleep(1);
      }
      await crashing;
      const answered = await Promise.all(outcomes);
      const taken = texts.filter((_, at) => answered[at]);
      await publishAll(bench.other.log, name, ["z"]);
      await vi.waitFor(() => expect(reader.texts.at(-1)).toBe("z"), PATIENCE);
      // What was not answered may be there all the same.
      expect(reader.texts.filter((text) => text === "a" || taken.includes(text))).toEqual([
        "a",
        ...taken,
      ]);
      expect(texts.filter((text) => reader.texts.includes(text))).toEqual(
        reader.texts.slice(1, -1),
      );
      expect(answered.at(-1)).toBe(true);
    });

    it("tells whether the server answers, and again when it does", async () => {
      await Promise.all([bench.bus.roundTrip(), bench.bus.roundTrip()]);
      await bench.freeze();
      try {
        // What is answered still was answered before the server stood still.
        while (await bench.bus.roundTrip().then(yes, no)) await sleep(1);
        const asked = [bench.bus.roundTrip(), bench.bus.roundTrip()];
        expect(await Promise.all(asked.map((work) => work.then(yes, no)))).toEqual([false, false]);
      } finally {
        await bench.thaw();
      }
      await vi.waitFor(() => bench.bus.roundTrip(), PATIENCE);
      await bench.crash();
      await vi.waitFor(() => bench.bus.roundTrip(), PATIENCE);
    });

    it("says things to who listens, by pattern, from now on, and again after a crash", async () => {
      const heard: string[] = [];
      let reconnects = 0;
      const listen = (subject: string) =>
        bench.bus.subscribe(subject, (data, on) => heard.push(`${on} ${textOf(data)}`));
      const stops = [
        listen("say.market.*"),
        listen("say.>"),
        bench.bus.onReconnect(() => (reconnects += 1)),
      ];
      const say = async (subject: string) => {
        heard.length = 0;
        await vi.waitFor(() => {
          bench.other.bus.publish(subject, bytesOf("x"));
          expect(heard.length).toBeGreaterThan(0);
        }, PATIENCE);
        await sleep(QUIET_MS);
        return new Set(heard);
      };
      expect(await say("say.market.A")).toEqual(new Set(["say.market.A x"]));
      expect(reconnects).toBe(0);
      await bench.crash();
      expect(await say("say.ledger.1")).toEqual(new Set(["say.ledger.1 x"]));
      await vi.waitFor(() => expect(reconnects).toBe(1), PATIENCE);

      for (const stop of stops) stop();
      heard.length = 0;
      bench.other.bus.publish("say.market.A", bytesOf("x"));
      await sleep(QUIET_MS);
      expect(heard).toEqual([]);
    });
  });
}
