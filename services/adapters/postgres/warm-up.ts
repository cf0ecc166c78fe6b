/**
 * What a node does before it leads anything: it opens all its connections, and makes statements of a takeover and a commit on
 * them, for an actor that there is not. Else a takeover waits for both: a connection is a new process of PostgreSQL, which knows no table yet.
 * A handover needs more of them than what comes before it, so none is left for when it is needed.
 */
import type pg from "pg";
import type { RowSet } from "../../../actors/kernel/actor.js";
import type { ActorKind } from "../../../actors/kernel/ids.js";
import { type Batch, emptyRecord, type HandedQuestion, type Holder } from "../../ports/store.js";
import { commitStatement } from "./commit-statement.js";
import { withConnection } from "./connections.js";
import { handedText } from "./handed.js";
import { BATCHES, CORRESPONDENCE, END_PREDECESSOR, RAISE, RECORD } from "./store-sql.js";
import { PARTS, type PartTable } from "./tables.js";

const NO_ACTOR = 0;
const NO_BYTES = new Uint8Array(0);
const NO_QUESTION: HandedQuestion = {
  actor: NO_ACTOR,
  fromToken: 0,
  incarnation: "",
  afterBatch: 0,
  waitMsMax: 1,
};
const NOBODY: Holder = { node: "", incarnation: "", reason: "" };

/** As many connections at once, each of which does the work; they are kept. */
export async function warmUp(
  pool: pg.Pool,
  connections: number,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  await Promise.all(Array.from({ length: connections }, () => withConnection(pool, work)));
}

/** The statements of a takeover keep their plans. */
export async function rehearseTakeover(client: pg.PoolClient): Promise<void> {
  const { node, incarnation, reason } = NOBODY;
  await client.query({ ...RECORD, values: [NO_ACTOR] });
  await client.query({ ...RAISE, values: [NO_ACTOR, 0, node, incarnation, 0, reason] });
  await client.query(handedText(NO_QUESTION));
  await client.query({ ...CORRESPONDENCE, values: [NO_ACTOR] });
  await client.query({ ...BATCHES, values: [NO_ACTOR, 0, 1] });
}

export async function rehearseEnding(client: pg.PoolClient): Promise<void> {
  await client.query({ ...END_PREDECESSOR, values: [NO_ACTOR, 0, 0] });
}

/** A commit that has every part there is: its plan, which nobody needs, is dropped, and the tables are known. */
export async function rehearseCommit(client: pg.PoolClient): Promise<void> {
  for (const kind of ["ledger", "market"] as const) {
    const { text, values } = commitStatement(wholeBatch(kind), false);
    await client.query({ text, values });
  }
}

/** No fence lets it through. */
function wholeBatch(kind: ActorKind): Batch {
  const rows = Object.fromEntries(PARTS[kind].map((part) => [part.part, rowOf(part)]));
  return {
    actor: emptyRecord(NO_ACTOR, "", kind),
    number: 1,
    token: 0,
    anchor: 0,
    streamCreated: "",
    positionBefore: 0,
    positionAfter: 0,
    positionStored: "",
    time: 0,
    hash: 0,
    commands: NO_BYTES,
    eventBatch: 0,
    effects: { rows, state: NO_BYTES, sends: new Map(), events: null, replies: null },
    links: [],
    outbox: [],
    confirmed: [{ destination: NO_ACTOR, upTo: 0 }],
    successor: { ...NOBODY, leaseRevision: 0 },
  };
}

/** One row of nothing. */
function rowOf({ columns, casts }: PartTable): RowSet {
  const nothing = ([name, type]: [string, string]): [string, (number | string)[]] => [
    name,
    [type === "text" ? (casts?.[name] ? "{}" : "") : 0],
  ];
  const offsets = { offset: [0], length: [0] };
  const ofRows = Object.fromEntries(Object.entries(columns).map(nothing));
  return { count: 1, columns: { ...ofRows, ...offsets }, bytes: NO_BYTES };
}
