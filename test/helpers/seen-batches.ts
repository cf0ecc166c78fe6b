/** Actors and their batches as the checks of a simulated run hear of them, made by hand. */
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { type ActorHistory, History } from "../../chaos/simulator/checks/history.js";
import { OneWriterCheck } from "../../chaos/simulator/checks/one-writer.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import type { Batch } from "../../services/ports/store.js";

export const MARKET = 1_025;
export const SHARD = 1;
export const CREATED = "today";

/** A stage of checks that have heard of one market and one shard, each led by node-1 under token 1. */
export function stage() {
  const verdict = new Verdict(() => 0);
  const history = new History();
  const writer = new OneWriterCheck(history, verdict);
  const market = history.actor(MARKET, "market.X", "market");
  const shard = history.actor(SHARD, "ledger.1", "ledger");
  for (const actor of [market, shard]) writer.raised(actor, 0, 1, "node-1#1");
  const commit = (batch: Batch, actor: ActorHistory, by = "node-1#1"): void => {
    const stored = history.read(batch, by);
    writer.commit(stored, actor);
    history.take(stored);
  };
  return { verdict, history, writer, market, shard, commit };
}

/** The first batch of an actor, with nothing in it but what is given. */
export function batchOf(actor: ActorHistory, given: Partial<Batch> = {}): Batch {
  return {
    actor: { id: actor.id, name: actor.name, kind: actor.kind } as Batch["actor"],
    number: 1,
    token: 1,
    anchor: 1,
    streamCreated: CREATED,
    positionBefore: 0,
    positionAfter: 0,
    positionStored: "",
    time: 1,
    hash: 0,
    commands: new Uint8Array(0),
    eventBatch: 0,
    effects: { rows: {}, state: new Uint8Array(0), sends: new Map(), events: null, replies: null },
    links: [],
    outbox: [],
    confirmed: [],
    successor: null,
    ...given,
  };
}

export function frameOf(
  source: number,
  first: number,
  payloads: Uint8Array[],
  token = 1,
): Uint8Array {
  const frame = encodeFrame(source, first, payloads);
  stampToken(frame, token);
  return frame;
}

/** The batch log of some frames. */
export function logOf(...frames: Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const frame of frames) writer.bytes(frame);
  return writer.take();
}
