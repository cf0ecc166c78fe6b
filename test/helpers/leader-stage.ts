/** A leader alone: it has an inbox and commits, and its store, log and bus are stand-ins that keep what it gives them. */
import { pino } from "pino";
import type { Actor } from "../../actors/kernel/actor.js";
import { type Announcement, decodeAnnouncement } from "../../actors/kernel/event-frame.js";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { CommitTurns } from "../../services/host/commit-turns.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { Leader } from "../../services/host/leader.js";
import type { LeaderEnd } from "../../services/host/leader-end.js";
import type { LogMessage } from "../../services/ports/log.js";
import type { ActorRecord, Batch } from "../../services/ports/store.js";
import { announceSubject } from "../../services/ports/subjects.js";
import { ManualClock } from "./manual-clock.js";

export const STAGED_ACTOR = 1_025;
export const START_US = 1_000_000_000;
const MS_US = 1_000;
const SLOT = -1;

const RECORD: ActorRecord = {
  id: STAGED_ACTOR,
  name: "market.X",
  kind: "market",
  incarnation: 1,
  token: 3,
  batch: 7,
  eventBatch: 7,
  anchor: 1,
  streamCreated: "now",
  position: 0,
  positionStored: "",
  time: START_US,
  hash: 0,
  state: new Uint8Array(0),
};

export class LeaderStage {
  readonly clock = new ManualClock();
  readonly committed: Batch[] = [];
  readonly ends: LeaderEnd[] = [];
  /** What it has announced. */
  readonly announced: Announcement[] = [];
  /** Commits begun now have their answer when this is done. */
  answered: Promise<void> = Promise.resolve();
  private deliver: ((message: LogMessage) => void) | undefined;
  private messages = 0;
  private commands = 0;

  async lead(actor: Actor): Promise<Leader> {
    const outbox: [] = [];
    const recovered = {
      record: RECORD,
      actor,
      outbox,
      now: this.postgresTime,
      early: null,
      isWarm: false,
    };
    const leader = new Leader(this.dependencies(), recovered, (end) => this.ends.push(end));
    await leader.start();
    await settled();
    return leader;
  }

  async pass(milliseconds: number): Promise<void> {
    for (let ms = 0; ms < milliseconds; ms++) {
      this.clock.advance(1);
      await settled();
    }
  }

  /** A command that has the alarm ring so many milliseconds after the start. */
  async command(ringsAtMs: number): Promise<void> {
    this.commands += 1;
    await this.frame(SLOT, this.commands, ringsAtMs);
  }

  /** A frame of one command, which is one byte. */
  async frame(source: number, number: number, command: number): Promise<void> {
    this.messages += 1;
    const data = encodeFrame(source, number, [new Uint8Array([command])]);
    stampToken(data, 1);
    this.deliver!({ sequence: this.messages, stored: "then", data });
    await settled();
  }

  get times(): number[] {
    return this.committed.map(({ time }) => (time - START_US) / MS_US);
  }

  private get postgresTime(): number {
    return START_US + this.clock.now() * MS_US;
  }

  private dependencies(): HostDependencies {
    const nothing = () => undefined;
    const log = {
      consume: (...[, , , { deliver }]: [string, number, number, { deliver: never }]) => {
        this.deliver = deliver;
        return Promise.resolve({ stop: nothing });
      },
    };
    const commit = async (batch: Batch) => {
      this.committed.push(batch);
      await this.answered;
      return { time: this.postgresTime };
    };
    const publish = (subject: string, data: Uint8Array) => {
      if (subject === announceSubject(RECORD.name)) this.announced.push(decodeAnnouncement(data));
    };
    const bus = { publish, subscribe: () => nothing };
    const find = () => ({ token: 1 });
    const directory = { find, onMarks: () => nothing, onMoved: () => nothing };
    const observer = { applied: nothing, committed: nothing };
    const leases = { wishes: () => new Map() };
    const logger = pino({ level: "silent" });
    const { clock } = this;
    const turns = new CommitTurns(clock, {});
    const stand = { log, bus, directory, turns, observer, leases, logger, store: { commit } };
    return { ...stand, clock, node: "n", incarnation: "n#1" } as unknown as HostDependencies;
  }
}

/** Until everything that was begun is done. */
export async function settled(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
}
