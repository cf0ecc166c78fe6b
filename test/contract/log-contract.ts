/** An inbox: one order for everybody, gapless, from any sequence on; never another stream's messages under its name. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { FRAME_BYTES_MAX } from "../../actors/kernel/limits.js";
import { StreamIdentityError } from "../../services/ports/log.js";
import type { LogMessage } from "../../services/ports/log.js";
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

export function describeLog(adapter: string, open: OpenLogBench): void {
  describe(`the log on ${adapter}`, () => {
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

    it("makes an inbox empty, and another one in its place when it is made again", async () => {
      const name = await inbox();
      const first = (await bench.log.identify(name, ANCHOR))!;
      expect(first).toMatchObject({ firstSequence: 1, lastSequence: 0 });
      await bench.log.publish(name, ANCHOR, bytesOf("a"));
      expect(await bench.log.identify(name, ANCHOR)).toMatchObject({ lastSequence: 1 });

      const second = await bench.log.create(name, ANCHOR);
      expect(second.created).not.toBe(first.created);
      expect(await bench.other.log.identify(name, ANCHOR)).toEqual(second);
      expect(await bench.log.read(name, ANCHOR, 1)).toBeNull();
    });

    it("knows no inbox that was not made, and refuses what is published to it", async () => {
      const name = await inbox();
      expect(await bench.log.identify(name, ANCHOR + 1)).toBeNull();
      expect(await bench.log.read(name, ANCHOR + 1, 1)).toBeNull();
      expect(await reasonOf(bench.log.publish(name, ANCHOR + 1, bytesOf("a")))).toBe("no-stream");
      expect(await reasonOf(bench.log.publish("ledger.9", ANCHOR, bytesOf("a")))).toBe("no-stream");
    });

    it("keeps inboxes apart whose names or anchors differ by little", async () => {
      const names = ["X.Y", "X_Y", "X-Y", "X/Y", "X2EY"].map(marketName);
      for (const name of names) await bench.log.create(name, 1);
      for (const name of names) await bench.log.create(name, 11);
      for (const name of names) await bench.log.publish(name, 1, bytesOf(name));
      for (const name of names) {
        expect(textOf((await bench.log.read(name, 1, 1))!.data)).toBe(name);
        expect(await bench.log.identify(name, 11)).toMatchObject({ lastSequence: 0 });
      }
    });

    it("delivers in the order of the calls that published, without a gap", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      const texts = countTo(2_000).map((n) => `frame ${n}`);
      await Promise.all(texts.map((text) => bench.other.log.publish(name, ANCHOR, bytesOf(text))));
      await reader.until(texts.length);
      expect(reader.texts).toEqual(texts);
      expect(reader.sequences).toEqual(countTo(texts.length));
      expect(reader.verifiedAt).toEqual([0]);
    });

    it("reads on from any sequence, what is stored and what comes, the same for everybody", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b", "c", "d"]);
      const readers = [
        await Reader.start(bench.log, name, 3),
        await Reader.start(bench.other.log, name, 3),
        await Reader.start(bench.log, name, 5),
      ];
      await publishAll(bench.log, name, ["e"]);
      for (const [at, expected] of [["c", "d", "e"], ["c", "d", "e"], ["e"]].entries()) {
        await readers[at]!.until(expected.length);
        expect(readers[at]!.texts).toEqual(expected);
      }
      expect(readers[0]!.messages).toEqual(readers[1]!.messages);
    });

    it("says of a message the same when it is delivered, delivered again and read", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b"]);
      const reader = await Reader.start(bench.log, name);
      const again = await Reader.start(bench.other.log, name);
      await reader.until(2);
      await again.until(2);
      for (const [at, message] of reader.messages.entries()) {
        const read = (await bench.log.read(name, ANCHOR, message.sequence))!;
        expect({ ...read, data: textOf(read.data) }).toEqual({ ...message, data: "ab"[at] });
        expect(again.messages[at]).toEqual(message);
      }
      expect(reader.messages[0]!.stored).not.toBe(reader.messages[1]!.stored);
      expect(await bench.log.read(name, ANCHOR, 3)).toBeNull();
    });

    it("carries any bytes as they are: none, all values, the largest frame", async () => {
      const name = await inbox();
      const frames = [
        new Uint8Array(0),
        Uint8Array.from(countTo(255, 0)),
        new Uint8Array(FRAME_BYTES_MAX).fill(255),
      ];
      for (const frame of frames) await bench.log.publish(name, ANCHOR, frame);
      const reader = await Reader.start(bench.log, name);
      await reader.until(frames.length);
      expect(reader.messages.map(({ data }) => Buffer.compare(data, frames.shift()!))).toEqual([
        0, 0, 0,
      ]);
    });

    it("refuses what does not fit, loses nothing it took, and takes more after a trim", async () => {
      const name = await inbox();
      const frame = new Uint8Array(1_000);
      await bench.limit(name, ANCHOR, 20_000);
      let taken = 0;
      let refused = "";
      while (!refused && taken < 50) {
        const work = bench.log.publish(name, ANCHOR, frame);
        if (await work.then(yes, no)) taken += 1;
        else refused = await reasonOf(work);
      }
      expect(refused).toBe("full");
      expect(taken).toBeGreaterThan(10);
      expect(await bench.log.identify(name, ANCHOR)).toMatchObject({
        firstSequence: 1,
        lastSequence: taken,
      });
      await bench.log.trim(name, ANCHOR, taken);
      await bench.log.publish(name, ANCHOR, frame);
      expect(await bench.log.identify(name, ANCHOR)).toMatchObject({
        firstSequence: taken,
        lastSequence: taken + 1,
      });
    });

    it("keeps everything when it is trimmed below its first message", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b", "c"]);
      await bench.log.trim(name, ANCHOR, 1);
      await bench.log.trim(name, ANCHOR, 0);
      expect(await bench.log.identify(name, ANCHOR)).toMatchObject({
        firstSequence: 1,
        lastSequence: 3,
      });
    });

    it("forgets what is trimmed and nothing else", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b", "c"]);
      await bench.log.trim(name, ANCHOR, 3);
      await bench.log.trim(name, ANCHOR, 2);
      expect(await bench.log.read(name, ANCHOR, 2)).toBeNull();
      expect(textOf((await bench.log.read(name, ANCHOR, 3))!.data)).toBe("c");
      const reader = await Reader.start(bench.log, name, 3);
      await reader.until(1);
      expect(reader.texts).toEqual(["c"]);
    });

    it("does not begin when the inbox is not what was expected", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a"]);
      const delivered: LogMessage[] = [];
      const lost: Error[] = [];
      const consuming = bench.log.consume(name, ANCHOR, 1, {
        deliver: (message) => delivered.push(message),
        verify: () => Promise.reject(new StreamIdentityError("another stream")),
        onLost: (error) => lost.push(error),
      });
      await expect(consuming).rejects.toThrow("another stream");
      await sleep(QUIET_MS);
      expect(delivered).toEqual([]);
      expect(lost).toEqual([]);
    });

    it("ends when messages are missing, before it delivers what comes after them", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b", "c"]);
      await bench.log.trim(name, ANCHOR, 3);
      const reader = await Reader.start(bench.log, name, 1);
      await reader.untilLost();
      await sleep(QUIET_MS);
      expect(reader.messages).toEqual([]);
      expect(reader.lost.length).toBe(1);
    });

    it("delivers nothing after it was stopped", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      await publishAll(bench.log, name, ["a"]);
      await reader.until(1);
      reader.stop();
      await publishAll(bench.log, name, ["b"]);
      await sleep(QUIET_MS);
      expect(reader.texts).toEqual(["a"]);
      expect(reader.lost).toEqual([]);
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
        await bench.crash();
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
