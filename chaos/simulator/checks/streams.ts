/**
 * R5 at each commit: the position names a message of the very stream it says, and every message between the position before
 * and it was the next one of that same stream. A stream that lost its tail and was filled again has other messages under
 * the same numbers: each message knows which one it was stored after.
 */
import type { Batch } from "../../../services/ports/store.js";
import type { PublishSeen, StreamSeen } from "../world/witness.js";
import type { ActorHistory } from "./history.js";
import type { Verdict } from "./verdict.js";

interface Message {
  readonly sequence: number;
  readonly stored: string;
  readonly before: Message | null;
}

interface Life {
  readonly created: string;
  last: Message | null;
  /** What was last at which time: a stream may be taken back to any of them. */
  readonly past: { readonly atUs: number; readonly last: Message | null }[];
  /** Every message there ever was, by sequence. */
  readonly messages: Map<number, Message[]>;
}

export class StreamCheck {
  private readonly verdict: Verdict;
  private readonly lives = new Map<string, Life[]>();
  private readonly nowUs: () => number;
  private rollBackToUs = 0;

  constructor(verdict: Verdict, nowUs: () => number) {
    this.verdict = verdict;
    this.nowUs = nowUs;
  }

  /** To be told before streams are taken back: to what they were at that moment. */
  willRollBack(toUs: number): void {
    this.rollBackToUs = toUs;
  }

  changed(seen: StreamSeen): void {
    const { created, lastSequence } = seen;
    const life = this.life(seen.actorName, seen.anchor, created);
    if (seen.change === "lost-tail") {
      while (life.last && life.last.sequence > lastSequence) life.last = life.last.before;
    } else if (seen.change === "rolled-back") {
      life.last = lastAt(life, this.rollBackToUs);
    } else return;
    life.past.push({ atUs: seen.atUs, last: life.last });
  }

  /** The newest stream of this name has taken a message. */
  stored(seen: Pick<PublishSeen, "actorName" | "anchor" | "sequence" | "stored">): void {
    const lives = this.lives.get(`${seen.actorName} ${seen.anchor}`);
    const life = lives?.at(-1);
    if (!life) {
      this.verdict.violate("R5", `${seen.actorName} has no stream ${seen.anchor} to store in`);
      return;
    }
    this.add(life, seen.sequence, seen.stored);
  }

  commit(batch: Batch, actor: ActorHistory): void {
    const { anchor, streamCreated, positionBefore, positionAfter } = batch;
    if (positionAfter === positionBefore) return;
    const life = this.lives
      .get(`${actor.name} ${anchor}`)
      ?.find(({ created }) => created === streamCreated);
    const where = `${actor.name}: batch ${batch.number}, anchor ${anchor} of ${streamCreated}`;
    let message: Message | null | undefined = life?.messages
      .get(positionAfter)
      ?.find(({ stored }) => stored === batch.positionStored);
    if (!message) {
      this.verdict.violate("R5", `${where}: there was no message ${positionAfter} like that`);
      return;
    }
    while (message && message.sequence > positionBefore) message = message.before;
    const isContinued =
      positionBefore === 0
        ? message === null
        : message?.sequence === positionBefore && message.stored === actor.stored;
    this.verdict.expect(
      isContinued,
      "R5",
      () =>
        `${where}: the messages up to ${positionAfter} do not follow the one at ${positionBefore}`,
    );
  }

  private add(life: Life, sequence: number, stored: string): void {
    const message = { sequence, stored, before: life.last };
    life.last = message;
    life.past.push({ atUs: this.nowUs(), last: message });
    const same = life.messages.get(sequence);
    if (same) same.push(message);
    else life.messages.set(sequence, [message]);
  }

  private life(actorName: string, anchor: number, created: string): Life {
    const key = `${actorName} ${anchor}`;
    const lives = this.lives.get(key) ?? [];
    this.lives.set(key, lives);
    const at = lives.findIndex((life) => life.created === created);
    const life =
      at < 0 ? { created, last: null, past: [], messages: new Map() } : lives.splice(at, 1)[0]!;
    lives.push(life);
    return life;
  }
}

function lastAt(life: Life, atUs: number): Message | null {
  let last: Message | null = null;
  for (const moment of life.past) if (moment.atUs <= atUs) last = moment.last;
  return last;
}
