/** R11: batches, frames, how often anybody tries to become a leader, and how long the queues of processes are. */
import { actorName, GATEWAYS } from "../cluster/names.js";
import type { RaiseSeen } from "../world/witness.js";
import type { ActorHistory, StoredBatch } from "./history.js";
import type { Verdict } from "./verdict.js";

const FRAME_COMMANDS_MAX = 1_000;
const FRAME_BYTES_MAX = 1_048_576;
/** A batch ends with the frame that reaches two thousand commands. */
const BATCH_COMMANDS_MAX = 3_000;
/** A process that tries more often to raise one actor's token spins. */
const RAISES_PER_SECOND_MAX = 30;
const US_PER_SECOND = 1_000_000;
/**
 * What the runbook's table of queues says; of what waits for answers, what a gateway may have learned that can wait, and of a
 * batch with the frame that ends it. A run is small: the longest of what waits comes nowhere near most of these.
 */
const QUEUES_MAX = {
  gateway: {
    "gateway-pending": 10_000,
    "gateway-waiting": 10_000,
    "gateway-publishing": 256,
    "gateway-frames": 10_000,
  },
  node: {
    "node-batch": BATCH_COMMANDS_MAX,
    "node-received": 67_108_864,
    "node-told": 100,
    "node-early": 4_194_304,
  },
} as const;

export class BoundsCheck {
  private readonly verdict: Verdict;
  /** The times of the last tries, by process and actor. */
  private readonly raises = new Map<string, number[]>();

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  commit({ frames, batch }: StoredBatch, actor: ActorHistory): void {
    let commands = 0;
    for (const frame of frames) commands += frame.commands.length;
    this.verdict.expect(
      commands < BATCH_COMMANDS_MAX && frames.every((f) => f.commands.length <= FRAME_COMMANDS_MAX),
      "R11",
      () => `${actor.name}: batch ${batch.number} has ${commands} commands`,
    );
  }

  frame(frame: Uint8Array, receiver: string): void {
    this.verdict.expect(
      frame.length <= FRAME_BYTES_MAX,
      "R11",
      () => `a frame for ${receiver} has ${frame.length} bytes`,
    );
  }

  /** Of a gateway or a node that runs; one that is not shown is none that is bounded. */
  queues(process: string, lengths: ReadonlyMap<string, number>): void {
    const kind = GATEWAYS.includes(process) ? "gateway" : "node";
    for (const [name, most] of Object.entries(QUEUES_MAX[kind])) {
      const length = lengths.get(name);
      this.verdict.expect(
        length !== undefined && length <= most,
        "R11",
        () => `${name} of ${process} holds ${length}, and may hold ${most}`,
      );
    }
  }

  /** Somebody has tried to raise a token, with or without success. */
  raise({ by, actor, atUs }: Pick<RaiseSeen, "by" | "actor" | "atUs">): void {
    const key = `${by.incarnation} ${actor}`;
    const recent = (this.raises.get(key) ?? []).filter((at) => at > atUs - US_PER_SECOND);
    recent.push(atUs);
    this.raises.set(key, recent);
    this.verdict.expect(
      recent.length <= RAISES_PER_SECOND_MAX,
      "R11",
      () =>
        `${by.name} has tried ${recent.length} times in a second to raise the token of ${actorName(actor)}`,
    );
  }
}
