/** A node's neighbours on a stage: one other node, or two, of whom a test decides what is heard, and servers that answer or do not. */
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from "../../services/node/heartbeat.js";
import { HEARTBEAT_EVERY_MS } from "../../services/node/limits.js";
import { Neighbours } from "../../services/node/neighbours.js";
import type { Bus } from "../../services/ports/log.js";
import type { PeerHandlers, Peers } from "../../services/ports/peers.js";
import { ManualClock } from "./manual-clock.js";

export const OTHER = {
  address: "there:1",
  weight: 1,
  incarnation: "other#1",
  exchange: "",
  unable: [],
  isLeaving: false,
};
export const THIRD = { ...OTHER, address: "third:1", incarnation: "third#1" };
export const WELL: Heartbeat = {
  node: "other",
  incarnation: "other#1",
  stuck: [],
  logBadForMs: 0,
  storeBadForMs: 0,
  isApart: false,
};

export class Stage {
  readonly clock = new ManualClock();
  readonly watched = new Map<string, PeerHandlers>();
  /** Does a server answer this node? */
  answers = { log: true, store: true };
  /** Does JetStream? */
  streamsAnswer = true;
  /** How often it was asked. */
  asked = 0;
  changes = 0;
  /** Heartbeats of this node. */
  said = 0;
  lastSaid: Heartbeat | null = null;
  dials = 0;
  /** Actors of this node whose commits hang. */
  stuck: number[] = [];
  isHanging = false;
  private readonly unanswered: (() => void)[] = [];
  readonly refused: string[] = [];
  private onBus: (data: Uint8Array) => void = () => undefined;
  readonly neighbours: Neighbours;

  constructor() {
    const bus: Bus = {
      publish: (_, data) => {
        this.lastSaid = decodeHeartbeat(data);
        // As on any bus, one hears oneself.
        if (this.answers.log) this.onBus(data);
      },
      subscribe: (_, handler) => {
        this.onBus = (data) => handler(data, "");
        return () => undefined;
      },
      onReconnect: () => () => undefined,
      roundTrip: () => this.answer("log"),
    };
    const peers: Peers = {
      listen: async () => "here:1",
      say: () => {
        this.said += 1;
      },
      unreadBytes: () => [],
      watch: (address, handlers) => {
        this.dials += 1;
        this.watched.set(address, handlers);
        return () => this.watched.delete(address);
      },
      close: async () => undefined,
    };
    this.neighbours = new Neighbours({
      node: "self",
      incarnation: "self#1",
      peers,
      bus,
      log: {
        answers: async () => {
          this.asked += 1;
          return this.streamsAnswer && this.answers.log;
        },
      },
      store: { now: () => this.answer("store").then(() => 0) },
      clock: this.clock,
      logger: { warn: () => undefined },
      observer: { refused: (what) => this.refused.push(what) },
      stuck: () => this.stuck,
      isHanging: () => this.isHanging,
      onChange: () => {
        this.changes += 1;
      },
    });
    this.neighbours.meet(new Map([["other", OTHER]]));
  }

  get suspicion(): string | null {
    return this.neighbours.suspicion("other");
  }

  /** Two others, each heard over a connection. */
  meetThird(): void {
    this.neighbours.meet(
      new Map([
        ["other", OTHER],
        ["third", THIRD],
      ]),
    );
  }

  sayByThird(heartbeat: Partial<Heartbeat> = {}): void {
    const said = { ...WELL, node: "third", incarnation: THIRD.incarnation, ...heartbeat };
    this.watched.get(THIRD.address)!.heard(encodeHeartbeat(said));
  }

  sayByPeer(heartbeat: Partial<Heartbeat> = {}): void {
    this.watched.get(OTHER.address)!.heard(encodeHeartbeat({ ...WELL, ...heartbeat }));
  }

  hear(data: Uint8Array): void {
    this.onBus(data);
  }

  sayByBus(heartbeat: Partial<Heartbeat> = {}): void {
    this.onBus(encodeHeartbeat({ ...WELL, ...heartbeat }));
  }

  /** Its address refuses a connection. */
  refuse(): void {
    const watched = this.watched.get(OTHER.address)!;
    this.watched.delete(OTHER.address);
    watched.gone();
  }

  /** Time passes in steps of a heartbeat; `said` is what the other one says in each. */
  async pass(forMs: number, said: () => void = () => undefined): Promise<void> {
    for (let ms = 0; ms < forMs; ms += HEARTBEAT_EVERY_MS) {
      said();
      this.clock.advance(HEARTBEAT_EVERY_MS);
      // Answers of the servers are one turn away.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What was asked while a server was away is answered. */
  comeBack(): void {
    for (const resolve of this.unanswered.splice(0)) resolve();
  }

  private answer(server: "log" | "store"): Promise<void> {
    if (this.answers[server]) return Promise.resolve();
    return new Promise((resolve) => this.unanswered.push(resolve));
  }
}
