/**
 * R6: each actor once more, from nothing, by its batch log alone. What every batch did must be what the leader committed,
 * to the byte: the state's hash, the rows, what is sent and what is said. (This check alone uses the actors.) Markets have the
 * readable engine here: what the fast one did has to be what the rule book says.
 */
import type { Actor, Effects, RowSet } from "../../../actors/kernel/actor.js";
import { LedgerShard } from "../../../actors/ledger/ledger-shard.js";
import { Market } from "../../../actors/market/market.js";
import { MarketState } from "../../../actors/market/market-state.js";
import { NaiveEngine } from "../../../actors/market/naive/naive-engine.js";
import { olderHash, storeOlder } from "../before/older-state.js";
import { Versions } from "../before/versions.js";
import { actorName } from "../cluster/names.js";
import { sameBytes } from "./bytes.js";
import { readFrame } from "./decode.js";
import type { Batch } from "../../../services/ports/store.js";
import type { ActorHistory, StoredBatch } from "./history.js";
import type { Verdict } from "./verdict.js";

/** Parts of open orders: in which order an engine gives them means nothing. */
const UNORDERED = new Set([
  "book",
  "book_changed",
  "book_removed",
  "order_terms",
  "order_terms_removed",
]);

export class ReplayCheck {
  private readonly verdict: Verdict;
  private readonly versions: Versions;
  private readonly actors = new Map<number, Replayed>();

  constructor(verdict: Verdict, versions = new Versions()) {
    this.verdict = verdict;
    this.versions = versions;
  }

  commit({ batch, frames, by }: StoredBatch, { id, name, kind }: ActorHistory): void {
    let replayed = this.actors.get(id);
    if (!replayed) {
      replayed = kind === "market" ? new ReplayedMarket(id) : new ReplayedShard(id);
      this.actors.set(id, replayed);
    }
    const { actor } = replayed;
    actor.advance(batch.time);
    for (const { source, token, first, commands } of frames) {
      for (let n = 0; n < commands.length; n++) {
        const number = first + n;
        actor.apply({ source, token, number, payload: commands[n]! }, batch.time);
        actor.links.advance(source, token, number);
      }
    }
    const { effects, hash } = this.versions.isOlder(by) ? replayed.older() : replayed.today();
    actor.links.forgetTouched();
    const difference = this.differenceOf(effects, hash, batch);
    this.verdict.expect(
      difference === "",
      "R6",
      () => `${name}: batch ${batch.number} done again differs in ${difference}`,
    );
  }

  private differenceOf(effects: Effects, hash: number, batch: Batch): string {
    if (hash !== batch.hash) return `the state's hash (${hash}, not ${batch.hash})`;
    if (!sameBytes(effects.state, batch.effects.state)) return "the state";
    if (!sameOrNull(effects.events, batch.effects.events)) return "the events";
    if (!sameOrNull(effects.replies, batch.effects.replies)) return "the replies";
    const names = new Set([...Object.keys(effects.rows), ...Object.keys(batch.effects.rows)]);
    for (const part of names) {
      const isSame = UNORDERED.has(part) ? sameUnordered : sameRows;
      if (!isSame(effects.rows[part], batch.effects.rows[part])) return `the rows of ${part}`;
    }
    const sent = new Map<number, Uint8Array[]>();
    for (const { destination, frame } of batch.outbox) {
      sent.set(destination, [...(sent.get(destination) ?? []), ...readFrame(frame).commands]);
    }
    if (sent.size !== effects.sends.size) return "whom it sends to";
    for (const [destination, payloads] of effects.sends) {
      const other = sent.get(destination) ?? [];
      const isSame =
        payloads.length === other.length && payloads.every((each, n) => sameBytes(each, other[n]!));
      if (!isSame) return `what it sends to ${actorName(destination)}`;
    }
    return "";
  }
}

/** What a batch has led to, as one version of the program stores it. */
interface Outcome {
  readonly effects: Effects;
  readonly hash: number;
}

interface Replayed {
  readonly actor: Actor;
  today(): Outcome;
  /** As nodes of the version before store it. */
  older(): Outcome;
}

class ReplayedShard implements Replayed {
  readonly actor: LedgerShard;

  constructor(id: number) {
    this.actor = LedgerShard.create(id);
  }

  today(): Outcome {
    return { effects: this.actor.takeEffects(), hash: this.actor.stateHash() };
  }

  older(): Outcome {
    return this.today();
  }
}

class ReplayedMarket implements Replayed {
  readonly actor: Market;
  private state = new MarketState();

  constructor(id: number) {
    this.actor = Market.create(id, (state) => {
      this.state = state;
      return new NaiveEngine(state);
    });
  }

  today(): Outcome {
    return { effects: this.actor.takeEffects(), hash: this.actor.stateHash() };
  }

  older(): Outcome {
    const effects = { ...this.actor.takeEffects(), state: storeOlder(this.state) };
    return { effects, hash: olderHash(this.actor) };
  }
}

function sameOrNull(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : sameBytes(one, other);
}

function sameRows(one: RowSet | undefined, other: RowSet | undefined): boolean {
  const count = one?.count ?? 0;
  if (count !== (other?.count ?? 0)) return false;
  if (count === 0) return true;
  for (const name in one!.columns) {
    const values = one!.columns[name]!;
    const others = other!.columns[name] ?? [];
    for (let n = 0; n < count; n++) if (values[n] !== others[n]) return false;
  }
  return sameOrNull(one!.bytes ?? null, other!.bytes ?? null);
}

function sameUnordered(one: RowSet | undefined, other: RowSet | undefined): boolean {
  if (sameRows(one, other)) return true;
  const [rows, others] = [rowTexts(one), rowTexts(other)];
  return rows.length === others.length && rows.every((row, n) => row === others[n]);
}

function rowTexts(set: RowSet | undefined): string[] {
  const columns = Object.entries(set?.columns ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = Array.from({ length: set?.count ?? 0 }, (_, n) =>
    columns.map(([name, values]) => `${name} ${values[n]}`).join(),
  );
  return texts.sort();
}
