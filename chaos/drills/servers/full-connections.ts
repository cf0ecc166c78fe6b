/** Others take all connections of Postgres: a node that loses its own gets no new one, and is replaced by those who have. */
import pg from "pg";
import { APPLICATION_PREFIX } from "../../../services/adapters/postgres/connections.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";
import { LEASE_MS, type Silence, silentLeader } from "../nodes/silent-leader.js";

const FULL_LEASES = 2.5;
const FULL_MS = FULL_LEASES * LEASE_MS;
/** How often the node may be faster than the others with a connection that has become free. */
const TRIES_MAX = 50;
/** Many more than the node itself tries, which so rarely gets any of those that become free. */
const AT_ONCE = 30;
const TOO_MANY_CONNECTIONS = "53300";

/** Others, who hold every connection that there is to be had. */
class Crowd {
  private readonly url: string;
  private readonly clients: pg.Client[] = [];

  constructor(url: string) {
    this.url = url;
  }

  /** Takes connections until there are no more. */
  async fill(): Promise<void> {
    await this.takeUntil(({ isFull }) => isFull);
  }

  /**
   * Takes all of a node's connections, for which the crowd waits at the door when they are ended. Resolves to the moment
   * from which the node had none: when its last ones were ended. Had others taken over before, it counts from the first.
   */
  async pushOut(node: string): Promise<number | undefined> {
    const tokens = await this.tokens();
    let firstMs: number | undefined;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const endedMs = performance.now();
      firstMs ??= endedMs;
      if (!(await this.push(node))) continue;
      return (await this.tokens()) === tokens ? endedMs : firstMs;
    }
    return firstMs;
  }

  /** Ends a node's connections and takes those, too; resolves to whether it has none left. */
  private async push(node: string): Promise<boolean> {
    let areEnded = false;
    const taking = this.takeUntil(({ isFull }) => areEnded && isFull);
    try {
      await this.clients[0]!.query(
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE starts_with(application_name, $1)",
        [`${APPLICATION_PREFIX}${node}#`],
      );
    } finally {
      areEnded = true;
      await taking;
    }
    return (await this.countOf(node)) === 0;
  }

  /** Changes with every takeover. */
  private async tokens(): Promise<string> {
    const { rows } = await this.clients[0]!.query<{ sum: string }>("SELECT sum(token) FROM actors");
    return rows[0]!.sum;
  }

  async countOf(node: string): Promise<number> {
    const { rows } = await this.clients[0]!.query<{ count: string }>(
      "SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, $1)",
      [`${APPLICATION_PREFIX}${node}#`],
    );
    return Number(rows[0]!.count);
  }

  async leave(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.end()));
  }

  /** Many at once try again and again, until what the last try of one has shown is enough for it. */
  private async takeUntil(
    isEnough: (tried: { readonly isFull: boolean }) => boolean,
  ): Promise<void> {
    const tries = async (): Promise<void> => {
      while (!isEnough({ isFull: !(await this.take()) })) continue;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, tries));
  }

  /** Resolves to whether there was one. */
  private async take(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      this.clients.push(client);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== TOO_MANY_CONNECTIONS) throw error;
      return false;
    }
  }
}

function crowded(): Silence {
  let crowd: Crowd | undefined;
  return {
    lastsMs: FULL_MS,
    async prepare(_, { scene }) {
      // The judge of the drill keeps the connection that it has then.
      await scene.query("SELECT");
      // Whom it takes long to come is here before it begins: then nobody has lost anything yet.
      crowd = new Crowd(scene.exchange.urls.postgres);
      await crowd.fill();
    },
    begin: ({ name }) => crowd!.pushOut(name),
    async broken({ name }) {
      const count = await crowd!.countOf(name);
      return count === 0 ? [] : [`${name} has ${count} connections in spite of all others`];
    },
    async end() {
      await crowd?.leave();
      crowd = undefined;
    },
  };
}

export const FULL_CONNECTIONS: Drill = {
  name: "full-connections",
  hypothesis:
    "a node that gets no connection to Postgres is replaced by those who have theirs, and comes back",
  about: `others take every connection of Postgres for ${FULL_MS / 1_000} s, such a node's among them`,
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts(silentLeader(crowded())),
};
