/**
 * Garbage and lies on every subject, while two nodes, a gateway and a feed work: each is refused, or costs no more than a
 * reading. No process falls, nothing that was not taken is forgotten, and trading goes on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { connect, type NatsConnection } from "nats";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Announcement,
  decodeAnnouncement,
  decodeEventFrame,
  encodeAnnouncement,
  encodeEventFrame,
  encodeResendRequest,
} from "../../actors/kernel/event-frame.js";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, marketName } from "../../actors/kernel/ids.js";
import { connectNats, NatsBus } from "../../services/adapters/nats/index.js";
import { subjectName } from "../../services/adapters/nats/names.js";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import type { ExchangeClient } from "../../services/client/exchange-client.js";
import type { ExchangeError } from "../../services/client/exchange-error.js";
import { SystemClock } from "../../services/common/clock.js";
import { malformedFrames, refusedWords } from "../../services/common/metrics.js";
import { FeedBridge } from "../../services/feed/bridge.js";
import { framesTaken } from "../../services/feed/metrics.js";
import {
  announcementsRefused,
  malformedMessages,
  unreadableRows,
} from "../../services/gateway/metrics.js";
import { Random } from "../../services/participants/random.js";
import { announceSubject, batchesSubject } from "../../services/ports/subjects.js";
import { type RunningNode, warmOf } from "../helpers/cluster.js";
import { bentCopies, brokenCopies, nothings } from "../helpers/garbage.js";
import { Traffic } from "../helpers/nats-traffic.js";
import { Listener, until } from "./feed-clients.js";
import { GatewayStage, type RunningGateway } from "./gateway-stage.js";

const SHARDS = 2;
const SYMBOL = "2330.TW";
const SLOT = 7;
const MARKET = marketName(SYMBOL);
const ACTORS = [MARKET, ledgerName(1), ledgerName(2)];
/** Of the namespace in which the nodes of a test are. */
const LEADER_KEYS = "/palisade/test/leaders/";
const RETRY_MS = 50;
const FUTURE = Number.MAX_SAFE_INTEGER;
const random = new Random(7);

interface Heard {
  readonly subject: string;
  readonly data: Uint8Array;
}

describe("an exchange to which garbage is said", { timeout: 120_000 }, () => {
  let stage: GatewayStage;
  let second: RunningNode;
  let gateway: RunningGateway;
  let client: ExchangeClient;
  let listener: Listener;
  let traffic: Traffic;
  let stranger: NatsConnection;
  /** The last real message on each subject. */
  const heard = new Map<string, Heard>();
  const cleanups: (() => unknown)[] = [];
  let accounts = 100;

  beforeAll(async () => {
    stage = await GatewayStage.start(SHARDS);
    second = await stage.cluster.startNode("node-2");
    const { urls } = stage.cluster.servers;
    stranger = await connect({ servers: urls.nats });
    for (const subject of ["events.>", "announce.>", "batches.>", "heartbeat.>", "resend.>"]) {
      stranger.subscribe(subject, {
        callback: (_, { subject: on, data }) => heard.set(on, { subject: on, data: data.slice() }),
      });
    }
    traffic = await Traffic.start(stage.cluster, await stage.cluster.list(SYMBOL));
    gateway = await stage.startGateway({ slot: SLOT });
    client = stage.client(gateway, "all");
    listener = await Listener.subscribe(await startFeed(), SYMBOL);
  }, 60_000);

  afterAll(async () => {
    listener?.client.close();
    for (const cleanup of cleanups.reverse()) await cleanup();
    await stranger?.close();
    await second?.stop();
    await stage?.stop();
  });

  async function startFeed(): Promise<string> {
    const { urls } = stage.cluster.servers;
    const connection = await connectNats(urls.nats, "feed");
    const reads = new PostgresReads(urls.postgres, "feed");
    const logger = pino({ level: "silent" });
    const bus = new NatsBus(connection);
    const bridge = await FeedBridge.start({
      bus,
      reads,
      clock: new SystemClock(),
      logger,
      port: 0,
    });
    cleanups.push(
      () => reads.close(),
      () => connection.close(),
      () => bridge.close(),
    );
    return `ws://127.0.0.1:${bridge.port}/`;
  }

  async function say(subject: string, messages: readonly Uint8Array[]): Promise<void> {
    for (const message of messages) stranger.publish(subject, message);
    await stranger.flush();
  }

  function sample(prefix: string): Heard[] {
    return [...heard.values()].filter(({ subject }) => subject.startsWith(prefix));
  }

  async function realAnnouncement(actorName: string): Promise<Announcement> {
    await until(`a word of ${actorName}`, () => heard.has(announceSubject(actorName)));
    return decodeAnnouncement(heard.get(announceSubject(actorName))!.data);
  }

  /** On a full machine an actor may be on its way to the other node: nothing was done then, and to ask again is right. */
  async function openAccount(account: number): ReturnType<ExchangeClient["openAccount"]> {
    for (;;) {
      try {
        return await client.openAccount(account);
      } catch (error) {
        if ((error as ExchangeError).code !== "NO_LEADER") throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /** Orders trade, the gateway answers, the feed tells, and nobody has stopped. */
  async function expectAllWell(): Promise<void> {
    const told = listener.trades.length;
    await traffic.untilItTrades();
    await until("the feed tells trades", () => listener.trades.length > told);
    accounts += 1;
    expect((await openAccount(accounts)).account).toBe(accounts);
    expect(gateway.deposed).toEqual([]);
    expect(second.node.stopped()).toEqual({});
    await until("everything is led", () => gateway.gateway.notReady().length === 0);
  }

  const count = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
    (await metric.get()).values.reduce((sum, { value }) => sum + value, 0);

  /** Of the words of some kinds, how many were refused. */
  async function countOf(...kinds: readonly string[]): Promise<number[]> {
    const { values } = await refusedWords.get();
    return kinds.map((kind) => values.find(({ labels }) => labels.what === kind)?.value ?? 0);
  }

  it("passes over what is no frame in an inbox, and what no known actor has sent", async () => {
    const before = await count(malformedFrames);
    const frame = encodeFrame(-77, 1, [new Uint8Array([1, 2, 3]), new Uint8Array([9])]);
    const ofNobody = encodeFrame(900_000, 1, [new Uint8Array([1, 2, 3])]);
    stampToken(ofNobody, FUTURE);
    for (const name of ACTORS) {
      const subject = subjectName(name, await stage.cluster.anchorOf(name));
      await say(subject, [...nothings(), ...brokenCopies(frame), ofNobody]);
      // Well-formed and of no meaning, beyond a gap, and with commands that are none.
      await say(subject, [encodeFrame(-78, FUTURE - 9, [new Uint8Array(1)]), frame]);
    }
    await expectAllWell();
    expect(await count(malformedFrames)).toBeGreaterThan(before + ACTORS.length * 250);
  });

  it("refuses announcements that are none", async () => {
    const before = [await count(refusedWords), await count(malformedMessages)];
    for (const { subject, data } of sample("announce.")) {
      await say(subject, [...nothings(), ...brokenCopies(data)]);
    }
    await say("announce.nobody", nothings());
    await expectAllWell();
    expect(await count(refusedWords)).toBeGreaterThan(before[0]! + 100);
    expect(await count(malformedMessages)).toBeGreaterThan(before[1]! + 100);
  });

  it("refuses announcements of who does not lead, and believes nothing of them", async () => {
    const [market, shard] = [await realAnnouncement(MARKET), await realAnnouncement(ledgerName(1))];
    const before = [await count(refusedWords), await count(announcementsRefused)];
    const marks = [1, 2, market.actor, -SLOT, -2].map((source) => ({
      source,
      token: FUTURE,
      number: FUTURE,
    }));
    for (let n = 0; n < 3; n++) {
      for (const real of [market, shard]) {
        const lies: Announcement[] = [
          { ...real, token: FUTURE, marks },
          { ...real, token: real.token + 1, anchor: FUTURE, marks },
          { ...real, anchor: real.anchor + 1, marks },
          { ...real, anchor: FUTURE, eventBatch: FUTURE, batch: FUTURE, marks },
          { ...real, actor: 900_000, name: "market.NONE", marks },
          { ...real, actor: market.actor + shard.actor - real.actor, marks },
          { ...real, name: "ledger.9", marks },
        ];
        for (const lie of lies) {
          await say(announceSubject(real.name), [encodeAnnouncement(lie)]);
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      }
    }
    await expectAllWell();
    expect(await count(refusedWords)).toBeGreaterThan(before[0]!);
    expect(await count(announcementsRefused)).toBeGreaterThan(before[1]!);
  });

  it("takes no mark of what was never sent, whoever says it", async () => {
    const before = await count(refusedWords);
    for (const name of ACTORS) {
      const real = await realAnnouncement(name);
      const marks = [1, 2, 1_025, -SLOT, -2].flatMap((source) =>
        [1, FUTURE].map((token) => ({ source, token, number: FUTURE })),
      );
      await say(announceSubject(name), [encodeAnnouncement({ ...real, marks })]);
    }
    await expectAllWell();
    expect(await count(refusedWords)).toBeGreaterThan(before);
  });

  it("passes over events that are none, and reads what is true where they lie", async () => {
    const before = [await count(framesTaken), await count(malformedMessages)];
    for (const { subject, data } of sample("events.")) {
      await say(subject, [...nothings(), ...brokenCopies(data)]);
      const real = decodeEventFrame(data);
      const lies = [
        { ...real, token: FUTURE, batch: real.batch + 1, previousBatch: real.batch },
        { ...real, token: real.token + 1 },
        { ...real, batch: FUTURE, previousBatch: FUTURE - 1 },
        { ...real, actor: 900_000 },
        {
          ...real,
          events: new Uint8Array([255, 255, 1]),
          batch: FUTURE,
          previousBatch: FUTURE - 1,
        },
      ];
      await say(subject, lies.map(encodeEventFrame));
    }
    await expectAllWell();
    expect(await count(framesTaken)).toBeGreaterThan(before[0]!);
    expect(await count(malformedMessages)).toBeGreaterThan(before[1]!);
  });

  it("begins a standby anew that was told of batches that never were", async () => {
    for (const { subject, data } of sample("batches.")) {
      await say(subject, [...nothings(), ...brokenCopies(data), ...bentCopies(data, random)]);
    }
    await say(batchesSubject("market.NONE"), nothings());
    await expectAllWell();
    await until(
      "standbys are warm",
      () => warmOf(second.node).length + Object.keys(second.node.leading()).length >= ACTORS.length,
    );
  });

  it("sends nothing again that is not asked for well", async () => {
    const request = encodeResendRequest({ receiver: 1_025, source: 1, from: 1 });
    for (const subject of ["resend.actor.1", "resend.actor.1025", `resend.slot.${SLOT}`]) {
      await say(subject, [...nothings(), ...brokenCopies(request), ...bentCopies(request, random)]);
    }
    await expectAllWell();
  });

  it("moves nothing for who is nobody, and buries nobody who lives", async () => {
    const before = await countOf("heartbeat", "handover", "release");
    for (const name of [...ACTORS, "market.NONE"]) {
      const bytes = Uint8Array.of(1, 1, 4, ...new TextEncoder().encode("none"));
      for (const subject of [`handover.${name}`, `release.${name}`]) {
        await say(subject, [...nothings(), ...brokenCopies(bytes), ...bentCopies(bytes, random)]);
      }
    }
    for (const { subject, data } of sample("heartbeat.")) {
      await say(subject, [...nothings(), ...brokenCopies(data), ...bentCopies(data, random)]);
    }
    await expectAllWell();
    const counts = await countOf("heartbeat", "handover", "release");
    counts.forEach((each, at) => expect(each).toBeGreaterThan(before[at]!));
  });

  it("passes over claims in etcd of actors that do not exist", async () => {
    const etcd = new Etcd3({ hosts: stage.cluster.servers.urls.etcd });
    cleanups.push(() => etcd.close());
    for (const name of ["market.NONE", "ledger.99", "", "nobody"]) {
      for (const value of ['{"node":"node-2"}', '{"node":7,"handedAt":-1}', "node-9", ""]) {
        await etcd.put(`${LEADER_KEYS}${name}`).value(value);
      }
    }
    await until("node-2 has seen them", () => second.leases.leaders().has("market.NONE"));
    await expectAllWell();
    expect(Object.keys(second.node.states()).toSorted()).toEqual(ACTORS.toSorted());
  });

  it("tells nobody what is garbage in the journal, and everybody all the rest", async () => {
    const account = (accounts += 1);
    await openAccount(account);
    const funding = { account, asset: "USD", amount: 10 };
    for (const idempotencyKey of ["one", "two", "three"])
      await client.deposit({ ...funding, idempotencyKey });
    const { pool } = stage.cluster;
    const spoil = "UPDATE journal SET events = '\\xff' WHERE account = $1 AND first_sequence = 2";
    expect((await pool.query(spoil, [account])).rowCount).toBe(1);
    const before = await count(unreadableRows);

    const toldBefore: number[] = [];
    const refused = await new Promise<ExchangeError>((resolve) => {
      client.subscribeAccounts([{ account, fromSequence: 1 }], {
        onEvents: (events) => toldBefore.push(...events.map(({ sequence }) => sequence)),
        onFailed: resolve,
      });
    });
    expect(toldBefore).toEqual([1]);
    expect(refused.code).toBe("JOURNAL_UNREADABLE");
    expect(refused.message).toContain(`events 2 to 2 of account ${account} cannot be read`);

    const told: number[] = [];
    const rest = client.subscribeAccounts([{ account, fromSequence: 3 }], {
      onEvents: (events) => told.push(...events.map(({ sequence }) => sequence)),
    });
    await until("the rest is told", () => told.length === 2);
    rest.close();
    expect(told).toEqual([3, 4]);
    await expectAllWell();
    expect(await count(unreadableRows)).toBeGreaterThan(before);
  });

  it("has lost nothing and done nothing twice in the end", async () => {
    await expectAllWell();
    await traffic.settle();
  });
});
