/** Which node has led an actor under which token. */
import type pg from "pg";
import { query } from "../adapters/postgres/connections.js";
import * as sql from "./sql.js";

export class Holders {
  private readonly nodes: ReadonlyMap<number, string>;

  private constructor(nodes: ReadonlyMap<number, string>) {
    this.nodes = nodes;
  }

  static async read(pool: pg.Pool, { id, token, holder }: sql.ActorRow): Promise<Holders> {
    const claims = await query<{ token: number; node: string }>(pool, sql.HOLDERS, [id]);
    const nodes = new Map(claims.map((claim) => [claim.token, claim.node]));
    if (holder !== "") nodes.set(token, holder);
    return new Holders(nodes);
  }

  /** Null: it is not known; claims were not noted then. */
  nodeOf(token: number | null): string | null {
    return (token === null ? undefined : this.nodes.get(token)) ?? null;
  }
}
