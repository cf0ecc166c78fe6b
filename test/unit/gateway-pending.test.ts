import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame } from "../../actors/kernel/frame.js";
import { FRAME_BYTES_MAX, FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { Links } from "../../actors/kernel/links.js";
import { type Answer, Pending, type PendingFrame } from "../../services/gateway/pending.js";

const SOURCE = -3;
const TOKEN = 9;
const payload = (value: number) => new Uint8Array([value]);
const answer: Answer = {
  account: 1,
  code: 0,
  orderId: 1_025,
  sequence: 1,
  token: 1,
  repeated: false,
  orders: 0,
};

function framesOf(pending: Pending, nowMs = 0): PendingFrame[] {
  const frames: PendingFrame[] = [];
  for (let frame = pending.takeFrame(nowMs); frame; frame = pending.takeFrame(nowMs)) {
    frames.push(frame);
  }
  return frames;
}

describe("pending commands", () => {
  it("are numbered from 1 without a gap, framed as they gather, and stamped with the slot's token", () => {
    const pending = new Pending(SOURCE, TOKEN);
    for (let n = 1; n <= 3; n++) expect(pending.add(payload(n), null, 0)).toBe(n);
    const first = pending.takeFrame(0)!;
    pending.add(payload(4), null, 0);
    const second = pending.takeFrame(0)!;
    expect(pending.takeFrame(0)).toBeNull();
    expect(decodeFrame(first.bytes)).toMatchObject({ source: SOURCE, token: TOKEN, first: 1 });
    expect(decodeFrame(first.bytes).commands.map((each) => each[0])).toEqual([1, 2, 3]);
    expect(decodeFrame(second.bytes)).toMatchObject({ first: 4 });
    expect([first.first, first.last, second.first, second.last]).toEqual([1, 3, 4, 4]);
  });

  it("fill frames up to their limits of commands and of bytes", () => {
    const many = new Pending(SOURCE, TOKEN);
    for (let n = 0; n < FRAME_COMMANDS_MAX + 1; n++) many.add(payload(1), null, 0);
    const lengths = framesOf(many).map(({ bytes }) => decodeFrame(bytes).commands.length);
    expect(lengths).toEqual([FRAME_COMMANDS_MAX, 1]);
    const large = new Pending(SOURCE, TOKEN);
    for (let n = 0; n < 5; n++) large.add(new Uint8Array(FRAME_BYTES_MAX / 2), null, 0);
    for (const { bytes } of framesOf(large)) expect(bytes.length).toBeLessThan(FRAME_BYTES_MAX);
  });

  it("are kept until they are confirmed, and sent again as the same bytes", () => {
    const pending = new Pending(SOURCE, TOKEN);
    for (let n = 1; n <= 4; n++) {
      pending.add(payload(n), null, 0);
      pending.takeFrame(n);
    }
    const all = pending.framesFrom(0, 10);
    expect(all.map(({ first }) => first)).toEqual([1, 2, 3, 4]);
    expect(pending.confirm(2)).toBe(true);
    expect(pending.size).toBe(2);
    expect(pending.framesFrom(0, 10)).toEqual(all.slice(2));
    expect(pending.framesFrom(4, 10)).toEqual(all.slice(3));
    expect(pending.framesFrom(5, 10)).toEqual([]);
    expect(pending.framesFrom(0, 1)).toEqual([all[2]]);
    expect(pending.confirm(1)).toBe(true);
    expect(pending.size).toBe(2);
  });

  it("are not confirmed by a number that was never given", () => {
    const pending = new Pending(SOURCE, TOKEN);
    pending.add(payload(1), null, 0);
    pending.takeFrame(0);
    expect(pending.confirm(2)).toBe(false);
    expect(pending.size).toBe(1);
  });

  it("are overdue when the oldest is", () => {
    const pending = new Pending(SOURCE, TOKEN);
    for (const sentAtMs of [10, 20, 30]) {
      pending.add(payload(1), null, 0);
      pending.takeFrame(sentAtMs);
    }
    expect(pending.overdue(9, 10)).toEqual([]);
    expect(pending.overdue(20, 10).map(({ first }) => first)).toEqual([1, 2]);
    expect(pending.overdue(30, 2).map(({ first }) => first)).toEqual([1, 2]);
    pending.confirm(2);
    expect(pending.overdue(20, 10)).toEqual([]);
  });

  it("give each answer to the one who waits, once, also before and after the confirmation", () => {
    const pending = new Pending(SOURCE, TOKEN);
    const heard: [number, Answer | null][] = [];
    for (let n = 1; n <= 3; n++) pending.add(payload(n), (said) => heard.push([n, said]), 100);
    pending.takeFrame(0);
    pending.takeWaiter(2)?.waiter(answer);
    expect(pending.takeWaiter(2)).toBeUndefined();
    pending.confirm(3);
    pending.takeWaiter(1)?.waiter(answer);
    expect(pending.hasWaiters).toBe(true);
    expect(pending.takeExpired(99)).toEqual([]);
    for (const waiter of pending.takeExpired(100)) waiter(null);
    expect(heard).toEqual([
      [2, answer],
      [1, answer],
      [3, null],
    ]);
    expect(pending.size).toBe(0);
  });

  it("reach a receiver exactly once and in order, whatever is lost, doubled or asked for again", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add"), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant("send"), isLost: fc.boolean() }),
      fc.record({ kind: fc.constant("resend"), isLost: fc.boolean() }),
      fc.record({ kind: fc.constant("confirm") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pending = new Pending(SOURCE, TOKEN);
        const links = new Links();
        const taken: number[] = [];
        let added = 0;
        const receive = ({ bytes }: PendingFrame): void => {
          const { source, token, first, commands } = decodeFrame(bytes);
          const admission = links.admit(source, token, first, commands.length);
          if (admission.kind !== "take") return;
          for (let n = admission.skip; n < commands.length; n++) {
            links.advance(source, token, first + n);
            taken.push(commands[n]![0]! + 256 * commands[n]![1]!);
          }
        };
        const from = () => links.of(SOURCE).received + 1;
        for (const each of steps) {
          if (each.kind === "add") {
            for (let n = 0; n < (each as { count: number }).count; n++) {
              added += 1;
              pending.add(new Uint8Array([added % 256, Math.floor(added / 256)]), null, 0);
            }
          } else if (each.kind === "send") {
            const frame = pending.takeFrame(0);
            if (frame && !(each as { isLost: boolean }).isLost) receive(frame);
          } else if (each.kind === "resend") {
            const frames = pending.framesFrom(from(), 2);
            if (!(each as { isLost: boolean }).isLost) frames.forEach(receive);
          } else {
            pending.confirm(links.of(SOURCE).received);
          }
        }
        // At last nothing is lost any more.
        framesOf(pending).forEach(receive);
        for (let frames = pending.framesFrom(from(), 2); frames.length > 0; ) {
          frames.forEach(receive);
          frames = pending.framesFrom(from(), 2);
        }
        expect(taken).toEqual(Array.from({ length: added }, (_, n) => n + 1));
      }),
    );
  });
});
