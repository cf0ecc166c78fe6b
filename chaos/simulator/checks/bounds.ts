/** R11 of what can be seen from outside: batches, frames, and the outbox between two actors. */
import type { ActorHistory, StoredBatch } from "./history.js";
import type { Verdict } from "./verdict.js";

const FRAME_COMMANDS_MAX = 1_000;
const FRAME_BYTES_MAX = 1_048_576;
/** A batch ends with the frame that reaches two thousand commands. */
const BATCH_COMMANDS_MAX = 3_000;

export class BoundsCheck {
  private readonly verdict: Verdict;

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
}
