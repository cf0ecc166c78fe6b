import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";
import {
  decodeAnnouncement,
  decodeEventFrame,
  decodeResendRequest,
  encodeAnnouncement,
  encodeEventFrame,
  encodeResendRequest,
} from "../../actors/kernel/event-frame.js";
import { decodeFrame, encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { hashOfInteger, hashOfIntegers, StateHash } from "../../actors/kernel/hash.js";
import { type Hashed, LateHash, UNHASHED } from "../../actors/kernel/late-hash.js";
import {
  decodeSymbol,
  encodeSymbol,
  LEDGER_SHARDS_MAX,
  orderIdOf,
  shardOfAccount,
  shardOfOrder,
} from "../../actors/kernel/ids.js";
import { Links } from "../../actors/kernel/links.js";
import { decodeLedgerCommand } from "../../actors/ledger/messages.js";
import { decodeAccountEvents, decodeReplies } from "../../actors/ledger/account-events.js";
import { decodeMarketCommand } from "../../actors/market/messages.js";
import { decodeMarketEvents } from "../../actors/market/market-events.js";
import { preference } from "../../actors/placement/rendezvous.js";

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("the encoding", () => {
  it("gives back every value that was written", () => {
    const ascii = fc.string({ unit: "binary-ascii", maxLength: 40 });
    const signed = fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 });
    fc.assert(
      fc.property(safe, signed, ascii, fc.uint8Array(), (uint, int, text, bytes) => {
        const written = new ByteWriter(1).uint(uint).int(int).string(text).bytes(bytes).f64(uint);
        const reader = new ByteReader(written.take());
        expect(reader.uint()).toBe(uint);
        expect(reader.int()).toBe(int);
        expect(reader.string(40)).toBe(text);
        expect([...reader.bytes()]).toEqual([...bytes]);
        expect(reader.f64()).toBe(uint);
        reader.end();
      }),
    );
  });

  it("answers garbage with MalformedError and nothing else", () => {
    const decoders: ((bytes: Uint8Array) => unknown)[] = [
      decodeFrame,
      decodeEventFrame,
      decodeAnnouncement,
      decodeResendRequest,
      decodeLedgerCommand,
      decodeMarketCommand,
      decodeMarketEvents,
      decodeAccountEvents,
      decodeReplies,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const decode of decoders) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses a number above 2^53 - 1 and a version it does not know", () => {
    const tooLarge = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    expect(() => new ByteReader(tooLarge).uint()).toThrow(MalformedError);
    const frame = encodeFrame(7, 1, [new Uint8Array([1])]);
    frame[0] = 2;
    expect(() => decodeFrame(frame)).toThrow("version 2");
  });
});

describe("frames", () => {
  it("carry source, token, numbers and commands", () => {
    const commands = [new Uint8Array([1, 2]), new Uint8Array([3])];
    const bytes = encodeFrame(-12, 99, commands);
    stampToken(bytes, 41);
    const frame = decodeFrame(bytes);
    expect(frame).toMatchObject({ source: -12, token: 41, first: 99 });
    expect(frame.commands.map((command) => [...command])).toEqual([[1, 2], [3]]);
  });

  it("are stamped in place, without being encoded again", () => {
    const bytes = encodeFrame(1025, 5, [new Uint8Array([9])]);
    stampToken(bytes, 3);
    const before = bytes.slice();
    stampToken(bytes, 4);
    stampToken(bytes, 3);
    expect(bytes).toEqual(before);
  });

  it("of events, announcements and requests to send again come back as they were", () => {
    const events = { actor: 1, token: 2, batch: 9, previousBatch: 7, time: 1_700_000_000_000_000 };
    const body = { events: new Uint8Array([1]), replies: null };
    expect(decodeEventFrame(encodeEventFrame({ ...events, ...body }))).toMatchObject(events);
    const announcement = {
      actor: 1025,
      name: "market.2330%2ETW",
      node: "node-1",
      token: 3,
      batch: 9,
      eventBatch: 8,
      anchor: 1,
      marks: [{ source: -1, token: 2, number: 55 }],
      lags: [],
    };
    expect(decodeAnnouncement(encodeAnnouncement(announcement))).toEqual(announcement);
    const late = { ...announcement, lags: [{ receiver: 2, ms: 700 }] };
    expect(decodeAnnouncement(encodeAnnouncement(late))).toEqual(late);
    // Who knows nothing of lags can read it while there are none.
    expect(encodeAnnouncement(announcement)[0]).toBe(1);
    expect(encodeAnnouncement(late)[0]).toBe(2);
    const request = { receiver: 1, source: -3, from: 8 };
    expect(decodeResendRequest(encodeResendRequest(request))).toEqual(request);
  });
});

describe("links (R4)", () => {
  const actor = 1025;
  const slot = -1;

  function taken(source: number, token: number, upTo: number): Links {
    const links = new Links();
    for (let number = 1; number <= upTo; number++) links.advance(source, token, number);
    return links;
  }

  it("take what follows, and skip what was seen", () => {
    const links = taken(actor, 1, 5);
    expect(links.admit(actor, 1, 6, 2)).toEqual({ kind: "take", skip: 0 });
    expect(links.admit(actor, 1, 4, 4)).toEqual({ kind: "take", skip: 2 });
    expect(links.admit(actor, 1, 3, 3)).toEqual({ kind: "drop", reason: "seen" });
  });

  it("take nothing beyond a gap", () => {
    expect(taken(actor, 1, 5).admit(actor, 1, 7, 1)).toEqual({ kind: "gap", from: 6 });
    expect(new Links().admit(slot, 9, 2, 1)).toEqual({ kind: "gap", from: 1 });
  });

  it("drop what a lower token says", () => {
    const links = taken(actor, 4, 2);
    expect(links.admit(actor, 3, 3, 1)).toEqual({ kind: "drop", reason: "lower-token" });
  });

  it("let a slot begin at one with each token, and an actor go on counting", () => {
    expect(taken(slot, 1, 5).admit(slot, 2, 1, 1)).toEqual({ kind: "take", skip: 0 });
    expect(taken(actor, 1, 5).admit(actor, 2, 1, 1)).toEqual({ kind: "drop", reason: "seen" });
    const links = taken(slot, 1, 5);
    links.advance(slot, 2, 1);
    expect(links.of(slot)).toMatchObject({ token: 2, received: 1 });
  });

  it("number what is sent without a gap, also after they were restored", () => {
    const links = new Links();
    expect([links.nextNumber(3), links.nextNumber(3), links.nextNumber(4)]).toEqual([1, 2, 1]);
    const restored = Links.restore(links.takeTouched());
    expect(restored.nextNumber(3)).toBe(3);
    expect(restored.takeTouched()).toEqual([{ peer: 3, token: 0, received: 0, sent: 3 }]);
  });

  it("go with the next batch once more when they are to be repeated, as they are", () => {
    const links = taken(actor, 1, 5);
    links.takeTouched();
    links.repeat(actor);
    expect(links.takeTouched()).toEqual([{ peer: actor, token: 1, received: 5, sent: 0 }]);
    expect(links.takeTouched()).toEqual([]);
  });

  it("refuse to be advanced over a gap: that is a bug", () => {
    expect(() => taken(actor, 1, 5).advance(actor, 1, 7)).toThrow("does not follow");
  });
});

describe("names and hashes", () => {
  it("encode any symbol as one token, and back", () => {
    expect(encodeSymbol("2330.TW")).toBe("2330%2ETW");
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (symbol) => {
        const encoded = encodeSymbol(symbol);
        expect(encoded).toMatch(/^[A-Za-z0-9_%-]*$/);
        expect(decodeSymbol(encoded)).toBe(symbol);
      }),
    );
  });

  it("order ids carry their shard", () => {
    expect(shardOfOrder(orderIdOf(123_456, 511))).toBe(511);
  });

  it("spread accounts evenly over shards", () => {
    const counts = new Map<number, number>();
    for (let account = 1; account <= 8_000; account++) {
      const shard = shardOfAccount(account, 8);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
    expect(() => shardOfAccount(1, LEDGER_SHARDS_MAX + 1)).toThrow();
  });

  it("a state's hash depends on what is in it, not on the way there", () => {
    const things = fc.array(fc.tuple(safe, safe), { maxLength: 20 });
    fc.assert(
      fc.property(things, things, (kept, gone) => {
        const detour = new StateHash();
        for (const thing of [...gone, ...kept].reverse()) detour.add(...thing);
        for (const thing of gone) detour.remove(...thing);
        const direct = new StateHash();
        for (const thing of kept) direct.add(...thing);
        expect(detour.value()).toBe(direct.value());
        expect(Number.isSafeInteger(direct.value())).toBe(true);
      }),
    );
  });

  it("a state's hash is what it was when it was stored (R13)", () => {
    const hash = new StateHash();
    hash.add(5, 1_001, 2, 2 ** 40 + 7, -3);
    hash.add(9, 2 ** 53 - 1);
    hash.remove(1, 2, 3);
    expect(hash.value()).toBe(723_641_412_956_653);
  });

  it("a thing that is given part by part is the same as at once", () => {
    const things = fc.array(fc.array(safe, { minLength: 1, maxLength: 8 }), { maxLength: 5 });
    fc.assert(
      fc.property(things, (all) => {
        const atOnce = new StateHash();
        const byParts = new StateHash();
        for (const parts of all) {
          atOnce.add(...parts);
          for (const part of parts) byParts.part(part);
          byParts.end();
        }
        expect(byParts.value()).toBe(atOnce.value());
        for (const parts of all) byParts.remove(...parts);
        expect(byParts.value()).toBe(new StateHash().value());
      }),
    );
  });

  it("what is hashed late adds what it is when somebody asks", () => {
    interface Thing extends Hashed {
      value: number;
    }
    const draw = fc.record({ at: fc.nat({ max: 4 }), value: fc.integer(), asks: fc.boolean() });
    fc.assert(
      fc.property(fc.array(draw), (draws) => {
        const sum = new StateHash();
        const others = 77;
        sum.add(others);
        // A thing whose value is 0 is no part of the state.
        const late = new LateHash<Thing>(sum, (hash, { value }) => {
          if (value !== 0) hash.add(1, value);
        });
        const things = Array.from({ length: 5 }, () => ({ value: 0, ...UNHASHED }));
        for (const { at, value, asks } of [...draws, { at: 0, value: 1, asks: true }]) {
          const thing = things[at]!;
          if (asks) late.touch(thing);
          thing.value = value;
          if (!asks) late.touch(thing);
          if (!asks) continue;
          late.settle();
          const direct = new StateHash();
          direct.add(others);
          for (const each of things) if (each.value !== 0) direct.add(1, each.value);
          expect(sum.value()).toBe(direct.value());
        }
      }),
    );
  });

  it("tell large numbers apart in both halves", () => {
    expect(hashOfIntegers(2 ** 40)).not.toBe(hashOfIntegers(2 ** 41));
    expect(hashOfIntegers(1, 2)).not.toBe(hashOfIntegers(2, 1));
  });

  it("give one number the same hash, with others or alone", () => {
    fc.assert(
      fc.property(safe, (value) => {
        expect(hashOfInteger(value)).toBe(hashOfIntegers(value));
      }),
    );
  });
});

describe("rendezvous hashing", () => {
  const actors = Array.from({ length: 300 }, (_, n) => `market.${n}`);

  it("moves only the actors of the node that is gone", () => {
    const nodes = ["a", "b", "c", "d"].map((node) => ({ node, weight: 1 }));
    for (const actor of actors) {
      const before = preference(actor, nodes);
      const after = preference(
        actor,
        nodes.filter(({ node }) => node !== "b"),
      );
      expect(after).toEqual(before.filter((node) => node !== "b"));
    }
  });

  function shares(weights: Readonly<Record<string, number>>): Record<string, number> {
    const nodes = Object.entries(weights).map(([node, weight]) => ({ node, weight }));
    const counts: Record<string, number> = {};
    for (const actor of actors) {
      const [first] = preference(actor, nodes);
      counts[first!] = (counts[first!] ?? 0) + 1;
    }
    return counts;
  }

  it("gives every node a fair share", () => {
    const counts = shares({ "node-1": 1, "node-2": 1, "node-3": 1 });
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(60);
    expect(Object.keys(counts)).toHaveLength(3);
  });

  it("gives a node of three times the weight about three times as much, taken from all", () => {
    const plain = shares({ "node-1": 1, "node-2": 1, "node-3": 1 });
    const heavy = shares({ "node-1": 3, "node-2": 1, "node-3": 1 });
    expect(heavy["node-1"]! / actors.length).toBeGreaterThan(0.5);
    expect(heavy["node-1"]! / actors.length).toBeLessThan(0.7);
    for (const node of ["node-2", "node-3"]) expect(heavy[node]!).toBeLessThan(plain[node]!);
  });
});
