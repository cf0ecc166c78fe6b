/**
 * An actor that is led without an exchange: fed with frames here, and what it says committed through the store as a
 * leader commits it, in batches, so that the rows, the batch log and the hash are what they would be. What it sends to
 * other actors goes nowhere.
 */
import type { Actor } from "../../actors/kernel/actor.js";
import { decodeFrame, encodeFrame } from "../../actors/kernel/frame.js";
import { FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { OpenBatch } from "../../services/host/open-batch.js";
import { rebuild } from "../../services/host/recovery.js";
import type { ActorRecord } from "../../services/ports/store.js";

const HOLDER = { node: "bench", incarnation: "bench#1", reason: "to be measured" };
const SOURCE_TOKEN = 1;

export class DirectLeader {
  private readonly store: PostgresStore;
  private readonly actor: Actor;
  private last: ActorRecord;

  private constructor(store: PostgresStore, actor: Actor, record: ActorRecord) {
    this.store = store;
    this.actor = actor;
    this.last = record;
  }

  /** Nobody may lead the actor meanwhile. */
  static async claim(postgresUrl: string, name: string): Promise<DirectLeader> {
    const store = new PostgresStore(postgresUrl, HOLDER.incarnation);
    try {
      const found = (await store.actors(0)).find((each) => each.name === name);
      if (!found) throw new Error(`there is no ${name}`);
      const raised = await store.raise(found.id, found.token, HOLDER, 0);
      if (!raised) throw new Error(`somebody leads ${name}`);
      const { record, actor } = await rebuild(store, found.id);
      return new DirectLeader(store, actor, record);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Applies commands of one source, the first of them under this number, and commits them as one batch. */
  async commit(source: number, first: number, commands: readonly Uint8Array[]): Promise<void> {
    const { actor, last } = this;
    const time = Math.max(await this.store.now(), last.time);
    const open = new OpenBatch(actor, time);
    for (let at = 0; at < commands.length; at += FRAME_COMMANDS_MAX) {
      const payloads = commands.slice(at, at + FRAME_COMMANDS_MAX);
      const frame = decodeFrame(encodeFrame(source, first + at, payloads));
      open.apply({ ...frame, token: SOURCE_TOKEN }, 0);
    }
    const number = last.batch + 1;
    const effects = actor.takeEffects();
    const eventBatch = effects.events || effects.replies ? number : last.eventBatch;
    await this.store.commit({
      actor: last,
      number,
      token: last.token,
      anchor: last.anchor,
      streamCreated: last.streamCreated,
      positionBefore: last.position,
      positionAfter: last.position,
      positionStored: last.positionStored,
      time,
      hash: actor.stateHash(),
      commands: open.takeLog(),
      eventBatch,
      effects,
      links: actor.links.takeTouched(),
      outbox: [],
      confirmed: [],
      successor: null,
    });
    this.last = { ...last, batch: number, eventBatch, time };
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
