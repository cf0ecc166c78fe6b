/** Which node has claimed which actor, with which token, as Postgres knows it. */
import pg from "pg";
import { instanceUrls } from "../adapters/instances/instances.js";

export interface Leader {
  readonly node: string;
  readonly token: number;
}

/** By actor name, in the order of their ids. */
export type Leaders = ReadonlyMap<string, Leader>;

const POLL_MS = 50;

export class LeaderBoard {
  /** One for each PostgreSQL instance. */
  readonly #pools: readonly pg.Pool[];

  constructor(postgresUrl: string) {
    // Kept, however long nobody asks: there may be no other to be had.
    this.#pools = instanceUrls(postgresUrl).map(
      (connectionString) => new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 0 }),
    );
    for (const pool of this.#pools) pool.on("error", () => {}); // The next query says it.
  }

  async read(): Promise<Leaders> {
    const answers = await Promise.all(
      this.#pools.map((pool) =>
        pool.query<{ actor: number; name: string; holder: string; token: string }>(
          "SELECT actor, name, holder, token FROM actors",
        ),
      ),
    );
    const actors = answers.flatMap(({ rows }) => rows).sort((a, b) => a.actor - b.actor);
    return new Map(
      actors.map(({ name, holder, token }) => [name, { node: holder, token: Number(token) }]),
    );
  }

  /** Resolves to whether every actor had been claimed again within the limit since `before` was read. */
  async untilClaimedSince(before: Leaders, limitMs: number): Promise<boolean> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const now = await this.read();
      const waiting = [...before].filter(
        ([name, { token }]) => (now.get(name)?.token ?? 0) <= token,
      );
      if (waiting.length === 0) return true;
      if (performance.now() > deadline) return false;
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }
}
