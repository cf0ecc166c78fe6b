/** Which node has claimed which actor, with which token, as Postgres knows it. */
import pg from "pg";

export interface Leader {
  readonly node: string;
  readonly token: number;
}

/** By actor name, in the order of their ids. */
export type Leaders = ReadonlyMap<string, Leader>;

const POLL_MS = 50;

export class LeaderBoard {
  readonly #pool: pg.Pool;

  constructor(postgresUrl: string) {
    // Kept, however long nobody asks: there may be no other to be had.
    this.#pool = new pg.Pool({ connectionString: postgresUrl, max: 1, idleTimeoutMillis: 0 });
    this.#pool.on("error", () => {}); // The next query says it.
  }

  async read(): Promise<Leaders> {
    const { rows } = await this.#pool.query<{ name: string; holder: string; token: string }>(
      "SELECT name, holder, token FROM actors ORDER BY actor",
    );
    return new Map(
      rows.map(({ name, holder, token }) => [name, { node: holder, token: Number(token) }]),
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
    await this.#pool.end();
  }
}
