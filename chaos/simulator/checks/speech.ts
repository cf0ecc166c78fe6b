/** R3 and R4 of whatever leaves a process: events, announcements, batches for standbys, and frames into inboxes. */
import type { MessageSeen, PublishSeen } from "../world/witness.js";
import { sameBytes, sameButToken, Unreadable } from "./bytes.js";
import {
  readAnnouncement,
  readBatchFrame,
  readEventFrame,
  readFrame,
  type SeenFrame,
} from "./decode.js";
import type { History, KeptFrame } from "./history.js";
import type { Verdict } from "./verdict.js";

const NOTHING = new Uint8Array(0);

export class SpeechCheck {
  private readonly history: History;
  private readonly verdict: Verdict;
  /** What a slot has sent under each token, by receiver and number. */
  private readonly fromSlots = new Map<string, Map<number, Uint8Array>>();

  constructor(history: History, verdict: Verdict) {
    this.history = history;
    this.verdict = verdict;
  }

  message(seen: MessageSeen): void {
    const [kind] = seen.subject.split(".", 1);
    try {
      if (kind === "events") this.judgeEvents(seen.data, seen.by.name);
      else if (kind === "announce") this.judgeAnnouncement(seen.data, seen.by.name);
      else if (kind === "batches") this.judgeBatch(seen.data, seen.by.name);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.verdict.violate("R13", `${seen.by.name} says on ${seen.subject}: ${error.message}`);
    }
  }

  publish(seen: PublishSeen): void {
    const receiver = this.history.byName.get(seen.actorName);
    let frame: SeenFrame;
    try {
      frame = readFrame(seen.frame);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.verdict.violate("R13", `${seen.by.name} sends ${seen.actorName}: ${error.message}`);
      return;
    }
    if (frame.source < 0) return this.judgeSlot(frame, seen.actorName);
    const source = this.history.actors.get(frame.source);
    const kept = receiver && source?.outbox.get(receiver.id)?.get(frame.first);
    this.judgeOutboxFrame(seen, frame, kept);
    this.verdict.expect(
      source !== undefined && frame.token <= source.token,
      "R3",
      () =>
        `${seen.by.name} sends a frame of ${this.history.nameOf(frame.source)} under token ${frame.token}`,
    );
  }

  private judgeOutboxFrame(
    seen: PublishSeen,
    { source, first }: SeenFrame,
    kept?: KeptFrame,
  ): void {
    this.verdict.expect(
      kept !== undefined,
      "R3",
      () =>
        `${seen.by.name} sends ${seen.actorName} number ${first} of ${this.history.nameOf(source)}, not committed`,
    );
    if (!kept) return;
    this.verdict.expect(
      sameButToken(kept.frame, seen.frame),
      "R3",
      () => `${seen.by.name} sends ${seen.actorName} other bytes than were committed (${first})`,
    );
  }

  /** A number of a slot stands for one command, however often and in whatever frame it is sent. */
  private judgeSlot({ source, token, first, commands }: SeenFrame, receiver: string): void {
    const key = `${source} ${token} ${receiver}`;
    let known = this.fromSlots.get(key);
    if (!known) this.fromSlots.set(key, (known = new Map()));
    for (let n = 0; n < commands.length; n++) {
      const before = known.get(first + n);
      if (before === undefined) known.set(first + n, commands[n]!);
      else {
        this.verdict.expect(
          sameBytes(before, commands[n]!),
          "R4",
          () =>
            `${this.history.nameOf(source)} sends ${receiver} two commands under number ${first + n}`,
        );
      }
    }
  }

  private judgeEvents(data: Uint8Array, by: string): void {
    const said = readEventFrame(data);
    const actor = this.history.actors.get(said.actor);
    const kept = actor?.batches[said.batch - 1];
    const isCommitted =
      kept !== undefined &&
      kept.token === said.token &&
      kept.time === said.time &&
      kept.previousEventBatch === said.previousBatch &&
      sameBytes(kept.events ?? NOTHING, said.events) &&
      sameBytes(kept.replies ?? NOTHING, said.replies);
    this.verdict.expect(
      isCommitted,
      "R3",
      () =>
        `${by} tells events of ${this.history.nameOf(said.actor)}, batch ${said.batch} under token ` +
        `${said.token}, that are not what was committed`,
    );
  }

  private judgeAnnouncement(data: Uint8Array, by: string): void {
    const said = readAnnouncement(data);
    const actor = this.history.actors.get(said.actor);
    const who = `${by} announces ${this.history.nameOf(said.actor)}`;
    if (!actor) return this.verdict.violate("R3", `${who}, which does not exist`);
    this.verdict.expect(
      said.token <= actor.token &&
        said.batch <= actor.batch &&
        said.eventBatch <= actor.eventBatch &&
        said.anchor <= actor.anchor,
      "R3",
      () =>
        `${who}: token ${said.token}, batch ${said.batch}, events ${said.eventBatch}, anchor ${said.anchor}; ` +
        `committed: ${actor.token}, ${actor.batch}, ${actor.eventBatch}, ${actor.anchor}`,
    );
    for (const mark of said.marks) {
      const committed = actor.marks.get(mark.source);
      const isCommitted =
        committed !== undefined &&
        (mark.token < committed.token ||
          (mark.token === committed.token && mark.number <= committed.received));
      this.verdict.expect(
        isCommitted,
        "R3",
        () =>
          `${who}: mark ${mark.number} of ${this.history.nameOf(mark.source)}, which is not committed`,
      );
    }
  }

  private judgeBatch(data: Uint8Array, by: string): void {
    const said = readBatchFrame(data);
    const kept = this.history.actors.get(said.actor)?.batches[said.batch - 1];
    const isCommitted =
      kept !== undefined &&
      kept.token === said.token &&
      kept.time === said.time &&
      kept.hash === said.hash &&
      sameBytes(kept.commands, said.commands);
    this.verdict.expect(
      isCommitted,
      "R3",
      () =>
        `${by} tells batch ${said.batch} of ${this.history.nameOf(said.actor)}, which is not what was committed`,
    );
  }
}
