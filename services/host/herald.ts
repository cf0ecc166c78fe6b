/**
 * What a leader says on the bus of a batch, after its commit and only then (R3): its events to whoever listens, and the
 * batch itself to whoever stands by. Words may be lost, and very long ones are not said: listeners read Postgres.
 */
import { encodeEventFrame } from "../../actors/kernel/event-frame.js";
import { OFF, standbyKey } from "../../actors/placement/wishes.js";
import type { ActorRecord, Batch } from "../ports/store.js";
import { batchesSubject, eventsSubject } from "../ports/subjects.js";
import { encodeBatchFrame } from "./batch-frame.js";
import type { HostDependencies } from "./dependencies.js";
import { BUS_MESSAGE_BYTES_MAX } from "./limits.js";

export class Herald {
  private readonly deps: HostDependencies;
  private readonly record: ActorRecord;

  constructor(deps: HostDependencies, record: ActorRecord) {
    this.deps = deps;
    this.record = record;
  }

  /** `previousEventBatch` is the batch before this one that had something to say. */
  proclaim(batch: Batch, previousEventBatch: number): void {
    const { id, name, token } = this.record;
    const { number, time, hash, commands } = batch;
    const { events, replies } = batch.effects;
    if (events || replies) {
      const previousBatch = previousEventBatch;
      const said = { actor: id, token, batch: number, previousBatch, time, events, replies };
      this.publish(eventsSubject(name), encodeEventFrame(said));
    }
    if (this.deps.leases.wishes().get(standbyKey(name)) === OFF) return;
    const logged = { actor: id, batch: number, token, time, hash, commands };
    this.publish(batchesSubject(name), encodeBatchFrame(logged));
  }

  private publish(subject: string, data: Uint8Array): void {
    if (data.length <= BUS_MESSAGE_BYTES_MAX) this.deps.bus.publish(subject, data);
  }
}
