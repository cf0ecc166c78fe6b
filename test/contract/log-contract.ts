/** An inbox: one order for everybody, gapless, from any sequence on; never another stream's messages under its name. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
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
      // Without an answer nobody is told.
      bench.log.post(name, ANCHOR + 1, bytesOf("a"));
      await bench.log.publish(name, ANCHOR, bytesOf("b"));
      expect(await bench.log.identify(name, ANCHOR)).toMatchObject({ lastSequence: 1 });
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

    it("delivers in the order of the calls, with an answer and without, and without a gap", async () => {
      const name = await inbox();
      const reader = await Reader.start(bench.log, name);
      const texts = countTo(2_000).map((n) => `frame ${n}`);
      const { log } = bench.other;
      const answers: Promise<void>[] = [];
      for (const [at, text] of texts.entries()) {
        if (at % 2 === 0) answers.push(log.publish(name, ANCHOR, bytesOf(text)));
        else log.post(name, ANCHOR, bytesOf(text));
      }
      await reader.until(texts.length);
      await Promise.all(answers);
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
      const reader = await Reader.start(bench.log, name, 4);
      await publishAll(bench.log, name, ["d"]);
      await reader.until(1);
      expect(reader.texts).toEqual(["d"]);
    });

    it("removes an inbox and nothing else, and does not mind when there is none", async () => {
      const name = await inbox();
      await bench.log.create(name, ANCHOR + 1);
      await publishAll(bench.log, name, ["a"]);
      await bench.log.remove(name, ANCHOR + 1);
      await bench.log.remove(name, ANCHOR + 1);
      await bench.log.remove(name, ANCHOR + 2);
      expect(await bench.log.identify(name, ANCHOR + 1)).toBeNull();
      expect(await reasonOf(bench.log.publish(name, ANCHOR + 1, bytesOf("b")))).toBe("no-stream");
      expect(textOf((await bench.log.read(name, ANCHOR, 1))!.data)).toBe("a");

      await bench.log.remove(name, ANCHOR);
      expect(await bench.other.log.identify(name, ANCHOR)).toBeNull();
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

    it("delivers nothing until the inbox is verified, and then what came meanwhile", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b"]);
      const texts: string[] = [];
      let atVerification: string[] = [];
      const consumption = await bench.log.consume(name, ANCHOR, 1, {
        deliver: ({ data }) => texts.push(textOf(data)),
        verify: async () => {
          await publishAll(bench.other.log, name, ["c"]);
          await sleep(QUIET_MS);
          atVerification = [...texts];
        },
        onLost: (error) => texts.push(String(error)),
      });
      await vi.waitFor(() => expect(texts).toEqual(["a", "b", "c"]), PATIENCE);
      expect(atVerification).toEqual([]);
      consumption.stop();
    });

    it("leaves it to the caller when the first verification cannot be made", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a"]);
      const happened: unknown[] = [];
      const consuming = bench.log.consume(name, ANCHOR, 1, {
        deliver: (message) => happened.push(message),
        verify: () => Promise.reject(new Error("nobody could say")),
        onLost: (error) => happened.push(error),
      });
      await expect(consuming).rejects.toThrow("nobody could say");
      await sleep(QUIET_MS);
      expect(happened).toEqual([]);
    });

    it("ends when messages are missing, before it delivers what comes after them", async () => {
      const name = await inbox();
      await publishAll(bench.log, name, ["a", "b", "c"]);
      await bench.log.trim(name, ANCHOR, 3);
      await expect(Reader.start(bench.log, name, 1)).rejects.toThrow(StreamIdentityError);

      const delivered: LogMessage[] = [];
      const lost: Error[] = [];
      const consumption = await bench.log.consume(name, ANCHOR, 1, {
        deliver: (message) => delivered.push(message),
        verify: async () => undefined,
        onLost: (error) => lost.push(error),
      });
      onTestFinished(() => consumption.stop());
      await vi.waitFor(() => expect(lost).toEqual([expect.any(StreamIdentityError)]), PATIENCE);
      await sleep(QUIET_MS);
      expect(delivered).toEqual([]);
      expect(lost.length).toBe(1);
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
  });
}
