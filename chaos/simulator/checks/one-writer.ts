/**
 * R1, R2 and R4 at each commit: the token and the batch it follows, the position and the marks, which only go forward, and
 * every command taken once and in order.
 */
import type { Batch } from "../../../services/ports/store.js";
import type { SeenFrame } from "./decode.js";
import { readFrame } from "./decode.js";
import type { ActorHistory, History, Mark, StoredBatch } from "./history.js";
import type { Verdict } from "./verdict.js";

const NO_MARK: Mark = { token: 0, received: 0 };

export class OneWriterCheck {
  private readonly history: History;
  private readonly verdict: Verdict;

  constructor(history: History, verdict: Verdict) {
    this.history = history;
    this.verdict = verdict;
  }

  raised(actor: ActorHistory, from: number, to: number, by: string): void {
    const { verdict } = this;
    verdict.expect(
      from === actor.token && to === from + 1,
      "R1",
      () => `${actor.name}: ${by} raised token ${from} to ${to}; the highest was ${actor.token}`,
    );
    actor.token = Math.max(actor.token, to);
    actor.holder = by;
  }

  /** Nothing was raised: it was told again what it holds. */
  held(actor: ActorHistory, token: number, by: string): void {
    this.verdict.expect(
      token === actor.token && by === actor.holder,
      "R1",
      () => `${actor.name}: ${by} was told that it holds token ${token}, which ${actor.holder} has`,
    );
  }

  commit({ batch, frames, by }: StoredBatch, actor: ActorHistory): void {
    this.judgeFence(batch, actor, by);
    this.judgePosition(batch, actor);
    const applied = this.judgeApplied(actor, frames);
    this.judgeMarks(batch, actor, applied);
    this.judgeOutbox(batch, actor);
    this.judgeDeleted(batch, actor);
  }

  private judgeFence(batch: Batch, actor: ActorHistory, by: string): void {
    const what = `${actor.name}: batch ${batch.number} of ${by}`;
    this.verdict.expect(
      batch.token === actor.token,
      "R1",
      () => `${what} was stored under token ${batch.token} when ${actor.token} was the highest`,
    );
    this.verdict.expect(
      by === actor.holder,
      "R1",
      () => `${what} was stored under token ${batch.token}, which ${actor.holder} has raised`,
    );
    this.verdict.expect(
      batch.number === actor.batch + 1,
      "R1",
      () => `${what} was stored after batch ${actor.batch}`,
    );
    this.verdict.expect(
      batch.time >= actor.time,
      "R6",
      () => `${what} has time ${batch.time}, before ${actor.time}`,
    );
  }

  private judgePosition(batch: Batch, actor: ActorHistory): void {
    const { anchor, positionBefore, positionAfter } = batch;
    const isSame = anchor === actor.anchor;
    const isNext = anchor === actor.anchor + 1;
    const before = isSame ? actor.position : 0;
    this.verdict.expect(
      (isSame || isNext) && positionBefore === before && positionAfter >= positionBefore,
      "R2",
      () =>
        `${actor.name}: batch ${batch.number} moves anchor ${actor.anchor}, position ${actor.position} ` +
        `to anchor ${anchor}, from ${positionBefore} to ${positionAfter}`,
    );
  }

  /** Each command of a source follows the last one that was ever applied; a slot begins anew with each token. */
  private judgeApplied(actor: ActorHistory, frames: readonly SeenFrame[]): Map<number, Mark> {
    const applied = new Map<number, Mark>();
    for (const { source, token, first, commands } of frames) {
      this.verdict.expect(
        source < 0 || this.history.actors.has(source),
        "R13",
        () =>
          `${actor.name} applied commands of ${this.history.nameOf(source)}, which does not exist`,
      );
      const mark = applied.get(source) ?? actor.marks.get(source) ?? NO_MARK;
      const beginsAnew = source < 0 && token > mark.token;
      const expected = beginsAnew ? 1 : mark.received + 1;
      this.verdict.expect(
        token >= mark.token && first === expected,
        "R4",
        () =>
          `${actor.name} applied ${commands.length} commands of ${this.history.nameOf(source)}, token ${token}, ` +
          `from number ${first} on, after token ${mark.token}, number ${mark.received}`,
      );
      applied.set(source, { token, received: first + commands.length - 1 });
    }
    return applied;
  }

  private judgeMarks(batch: Batch, actor: ActorHistory, applied: Map<number, Mark>): void {
    const stored = new Map(batch.links.map((link) => [link.peer, link]));
    for (const [source, mark] of applied) {
      const link = stored.get(source);
      this.verdict.expect(
        link?.token === mark.token && link.received === mark.received,
        "R2",
        () =>
          `${actor.name}: batch ${batch.number} applied what ${this.history.nameOf(source)} sent up to number ${mark.received} ` +
          `and stored ${link ? `number ${link.received} under token ${link.token}` : "no mark"}`,
      );
    }
    for (const { peer, token, received } of batch.links) {
      if (applied.has(peer)) continue;
      const before = actor.marks.get(peer) ?? NO_MARK;
      this.verdict.expect(
        token === before.token && received === before.received,
        "R2",
        () =>
          `${actor.name}: the mark of ${this.history.nameOf(peer)} moved to ${received} and nothing was applied`,
      );
    }
  }

  private judgeOutbox(batch: Batch, actor: ActorHistory): void {
    const sent = new Map<number, number>();
    for (const { destination, first, last, frame } of batch.outbox) {
      const before = sent.get(destination) ?? actor.sent.get(destination) ?? 0;
      const read = readFrame(frame);
      this.verdict.expect(
        first === before + 1 &&
          read.source === actor.id &&
          read.first === first &&
          read.commands.length === last - first + 1,
        "R4",
        () =>
          `${actor.name} sends ${this.history.nameOf(destination)} numbers ${first} to ${last} after ${before}`,
      );
      sent.set(destination, last);
    }
    for (const { peer, sent: counted } of batch.links) {
      const expected = sent.get(peer) ?? actor.sent.get(peer) ?? 0;
      this.verdict.expect(
        counted === expected,
        "R4",
        () =>
          `${actor.name} counts ${counted} sent to ${this.history.nameOf(peer)}; its outbox has had ${expected}`,
      );
    }
  }

  /** What a source deletes its receiver has committed. */
  private judgeDeleted(batch: Batch, actor: ActorHistory): void {
    for (const { destination, upTo } of batch.confirmed) {
      const received = this.history.actors.get(destination)?.marks.get(actor.id)?.received ?? 0;
      this.verdict.expect(
        upTo <= received,
        "R4",
        () =>
          `${actor.name} deletes what it sent to ${this.history.nameOf(destination)} up to ${upTo}, ` +
          `which has committed ${received}`,
      );
    }
  }
}
