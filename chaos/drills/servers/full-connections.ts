/** Others take all connections of Postgres: a node that loses its own gets no new one, and is replaced by those who have. */
import pg from "pg";
import { APPLICATION_PREFIX } from "../../../services/adapters/postgres/connections.js";
import type { Scene } from "../../scene.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";
import { LEASE_MS, type Silence, silentLeader } from "../nodes/silent-leader.js";

const FULL_LEASES = 2.5;
const FULL_MS = FULL_LEASES * LEASE_MS;
/** How often the node may be faster than the others with a connection that has become free. */
const TRIES_MAX = 50;
const AT_ONCE = 10;
const TOO_MANY_CONNECTIONS = "53300";

/** Others, who hold every connection that there is to be had. */
class Crowd {
  private readonly url: string;
  private readonly clients: pg.Client[] = [];
  private isFull = false;

  constructor(url: string) {
    this.url = url;
  }

  /** Takes connections until there are no more. */
  async fill(): Promise<void> {
    this.isFull = false;
    while (!this.isFull) await Promise.all(Array.from({ length: AT_ONCE }, () => this.take()));
  }

  /** Ends a node's connections and takes those, too; resolves to whether it has none left. */
  async push(node: string): Promise<boolean> {
    const name = `${APPLICATION_PREFIX}${node}#`;
    const [first] = this.clients;
    await first!.query(
      "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE starts_with(application_name, $1)",
      [name],
    );
    await this.fill();
    return (await this.countOf(node)) === 0;
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

  private async take(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      this.clients.push(client);
    } catch (error) {
      if ((error as { code?: string }).code !== TOO_MANY_CONNECTIONS) throw error;
      this.isFull = true;
    }
  }
}

function crowded(): Silence {
  let crowd: Crowd | undefined;
  const connect = (scene: Scene) => new Crowd(scene.exchange.urls.postgres);
  return {
    lastsMs: FULL_MS,
    // The judge of the drill keeps the connection that it has then.
    prepare: async (_, { scene }) => void (await scene.query("SELECT")),
    async begin({ name }, { scene }) {
      crowd = connect(scene);
      await crowd.fill();
      for (let tries = 0; tries < TRIES_MAX; tries++) if (await crowd.push(name)) return;
    },
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
