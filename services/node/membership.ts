/**
 * The nodes as this one sees them: who is alive by etcd, for how long, how often it was lost before, and whether it is
 * under suspicion. A node that comes and goes must stay the longer each time before anything is moved to it.
 */
import { type NodeInfo, parseNodeInfo } from "./info.js";
import { FLAPS_COUNTED_MAX, FLAPS_FORGOTTEN_AFTER_MS, MOVE_AFTER_MS } from "./limits.js";

export interface Member {
  readonly info: NodeInfo;
  /** Why it is taken for dead; null: it is not. */
  readonly suspicion: string | null;
  /** Has it been there, and beyond suspicion, for long enough to be given something? */
  readonly isSteady: boolean;
}

/** What a node has to show before anything is moved to it. */
export interface Trial {
  /** How often it was lost of late. */
  readonly losses: number;
  /** For how long it has to stay yet, in milliseconds; 0: it has. */
  readonly remainingMs: number;
  /** For how long who says this has known of the node, its former lives included, in milliseconds. */
  readonly knownMs: number;
}

interface Life {
  text: string;
  info: NodeInfo;
  readonly knownSinceMs: number;
  /** Since when it is there and beyond suspicion. */
  sinceMs: number;
  isLost: boolean;
  flaps: number;
}

export class Membership {
  private readonly lives = new Map<string, Life>();

  /** What each of those who are alive says of itself. */
  infos(alive: ReadonlyMap<string, string>, nowMs: number): Map<string, NodeInfo> {
    const infos = new Map<string, NodeInfo>();
    for (const [node, text] of alive) infos.set(node, this.lifeOf(node, text, nowMs).info);
    return infos;
  }

  /** Takes in who is alive, with what each says of itself; gives them as they are now. */
  see(
    alive: ReadonlyMap<string, string>,
    suspicionOf: (node: string) => string | null,
    nowMs: number,
  ): Map<string, Member> {
    for (const [node, life] of this.lives) if (!alive.has(node)) this.lose(life, nowMs);
    const members = new Map<string, Member>();
    for (const [node, text] of alive) {
      const life = this.lifeOf(node, text, nowMs);
      const suspicion = suspicionOf(node);
      if (suspicion !== null) this.lose(life, nowMs);
      else if (life.isLost) this.revive(life, nowMs);
      const isSteady = suspicion === null && remainingMs(life, nowMs) === 0;
      members.set(node, { info: life.info, suspicion, isSteady });
    }
    return members;
  }

  /** Of those who are there and beyond suspicion. */
  trials(nowMs: number): Record<string, Trial> {
    const present = [...this.lives].filter(([, { isLost }]) => !isLost);
    const trials = present.map(([node, life]): [string, Trial] => [
      node,
      {
        losses: life.flaps,
        remainingMs: remainingMs(life, nowMs),
        knownMs: nowMs - life.knownSinceMs,
      },
    ]);
    return Object.fromEntries(trials);
  }

  private lifeOf(node: string, text: string, nowMs: number): Life {
    let life = this.lives.get(node);
    if (!life) {
      const info = parseNodeInfo(text);
      life = { text, info, knownSinceMs: nowMs, sinceMs: nowMs, isLost: false, flaps: 0 };
      this.lives.set(node, life);
    } else if (life.text !== text) {
      const info = parseNodeInfo(text);
      if (info.incarnation !== life.info.incarnation) this.lose(life, nowMs);
      life.text = text;
      life.info = info;
    }
    return life;
  }

  private lose(life: Life, nowMs: number): void {
    if (life.isLost) return;
    life.isLost = true;
    if (nowMs - life.sinceMs >= FLAPS_FORGOTTEN_AFTER_MS) life.flaps = 0;
    // Who has said that it leaves was not lost.
    if (!life.info.isLeaving) life.flaps += 1;
  }

  private revive(life: Life, nowMs: number): void {
    life.isLost = false;
    life.sinceMs = nowMs;
  }
}

/** Twice as long with each loss. */
function remainingMs({ sinceMs, flaps }: Life, nowMs: number): number {
  const neededMs = MOVE_AFTER_MS * 2 ** Math.min(flaps, FLAPS_COUNTED_MAX);
  return Math.max(0, sinceMs + neededMs - nowMs);
}
