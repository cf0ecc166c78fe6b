/** The story of one actor, from what Postgres keeps: who led it, when and why, and where its inbox and its outbox stand. */
import type pg from "pg";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { query } from "../adapters/postgres/connections.js";
import * as sql from "./sql.js";

/** The newest claims are told, so many at most. */
const CLAIMS_TOLD_MAX = 1_000;

export interface Claim {
  readonly token: number;
  readonly node: string;
  readonly reason: string;
  /** When the token was raised, in microseconds since 1970. */
  readonly time: number;
  /** The last batch under a lower token, and when it was begun; null: there is none, or it is no longer kept. */
  readonly lastBatch: number;
  readonly lastBatchTime: number | null;
  /** When the first batch under this token was begun; null: there was none, or it is no longer kept. */
  readonly firstBatchTime: number | null;
  /** From the one to the other. Where there was nothing to do in between, it is longer than nobody led. */
  readonly gapUs: number | null;
}

export interface Backlog {
  readonly to: string;
  readonly frames: number;
  /** The numbers of the first and the last message. */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

export interface ActorStory {
  /** As logs and metrics have it, and as people write it. */
  readonly name: string;
  readonly actor: string;
  readonly token: number;
  /** Who has raised it last; empty: nobody has led it yet. */
  readonly holder: string;
  readonly batch: number;
  /** Of the last batch. */
  readonly time: number;
  /** `anchor` 0: it has no inbox yet. */
  readonly inbox: { readonly anchor: number; readonly created: string; readonly position: number };
  readonly outbox: readonly Backlog[];
  readonly heldBy: readonly sql.RowHolder[];
  /** The newest first. */
  readonly claims: readonly Claim[];
  /** The tokens up to this one were raised before claims were noted, or are more than are told; 0: all are told. */
  readonly untoldUpTo: number;
}

export async function actorNames(pool: pg.Pool): Promise<string[]> {
  const actors = await query<sql.ActorRow & pg.QueryResultRow>(pool, sql.ACTORS);
  return actors.map(({ name }) => name);
}

/** Throws when there is no such actor: the name is one of `actorNames`. */
export async function actorStory(pool: pg.Pool, name: string): Promise<ActorStory> {
  const actors = await query<sql.ActorRow & pg.QueryResultRow>(pool, sql.ACTORS);
  const { id, token, holder, batch, time, ...inbox } = actors.find((each) => each.name === name)!;
  const nameOf = new Map(actors.map((each) => [each.id, decodeSymbol(each.name)]));
  const sent = await query<sql.OutboxRow & pg.QueryResultRow>(pool, sql.OUTBOX, [id]);
  const values = [id, CLAIMS_TOLD_MAX];
  const claims = await query<sql.ClaimRow & pg.QueryResultRow>(pool, sql.CLAIMS, values);
  const held = await query<sql.RowHolder & pg.QueryResultRow>(pool, sql.ROW_HOLDERS);
  const { anchor, created, position } = inbox;
  return {
    name,
    actor: decodeSymbol(name),
    token,
    holder,
    batch,
    time,
    inbox: { anchor, created, position },
    outbox: sent.map(({ destination, ...rest }) => ({ to: nameOf.get(destination)!, ...rest })),
    heldBy: held.filter((each) => each.actor === name),
    claims: claims.map(claimOf),
    untoldUpTo: (claims.at(-1)?.token ?? token + 1) - 1,
  };
}

function claimOf({ token, node, reason, time, batch, ...log }: sql.ClaimRow): Claim {
  const { lastTime: lastBatchTime, nextTime, nextToken } = log;
  // What follows may be the next one's: then this one has committed nothing.
  const firstBatchTime = nextToken === token ? nextTime : null;
  const isKnown = firstBatchTime !== null && lastBatchTime !== null;
  const gapUs = isKnown ? firstBatchTime - lastBatchTime : null;
  return { token, node, reason, time, lastBatch: batch, lastBatchTime, firstBatchTime, gapUs };
}
