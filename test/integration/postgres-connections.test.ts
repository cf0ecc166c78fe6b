import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPool, query, withConnection } from "../../services/adapters/postgres/connections.js";
import { startTestPostgres, type TestServer } from "../helpers/servers.js";

const BUSY = { name: "busy", text: "SELECT pg_sleep(0.2)" };
const ONE = { name: "one", text: "SELECT 1 AS one" };
const CONNECTIONS = 4;
const READY_FOR_QUERY_BYTES = 6;
const CODE_Z = "Z".charCodeAt(0);

/** What Postgres says to a connection that nobody uses when its own end is near. */
function farewell(): Buffer {
  const fields =
    "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0";
  const message = Buffer.alloc(1 + 4 + fields.length);
  message.write("E", 0);
  message.writeInt32BE(4 + fields.length, 1);
  message.write(fields, 5);
  return message;
}

/** A wire to Postgres on which it says farewell in the same breath as its next answer: on a busy machine both are read at once. */
class Farewell {
  readonly server: Server;
  isNear = false;
  private readonly sockets = new Set<Socket>();

  private constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.server = createServer((client) => {
      const server = connect(Number(port), hostname);
      for (const socket of [client, server]) {
        this.sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => [client, server].forEach((each) => each.destroy()));
      }
      client.on("data", (data) => server.write(data));
      server.on("data", (data) => {
        const isReady = data.at(-READY_FOR_QUERY_BYTES) === CODE_Z;
        if (this.isNear && isReady) {
          client.end(Buffer.concat([data, farewell()]));
          server.destroy();
        } else client.write(data);
      });
    });
  }

  static async start(url: string): Promise<Farewell> {
    const wire = new Farewell(url);
    wire.server.listen(0, "127.0.0.1");
    await once(wire.server, "listening");
    return wire;
  }

  urlOf(url: string): string {
    const mine = new URL(url);
    mine.port = String((this.server.address() as AddressInfo).port);
    return mine.href;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

let postgres: TestServer;
let wire: Farewell;

beforeAll(async () => {
  postgres = await startTestPostgres({ durable: false });
  wire = await Farewell.start(postgres.url);
});

afterAll(async () => {
  wire.stop();
  await postgres.stop();
});

it("a connection may break in the moment in which it is lent: its borrower hears of it, and nobody dies", async () => {
  const pool = openPool(wire.urlOf(postgres.url), "test#1");
  try {
    const busy = Array.from({ length: CONNECTIONS }, () => query(pool, BUSY));
    // All connections are in use, so these wait for the next that is given back.
    const waiting = Array.from({ length: CONNECTIONS }, () =>
      withConnection(pool, (client) => client.query(ONE)),
    );
    const outcomes = Promise.allSettled([...busy, ...waiting]);
    await Promise.race([...waiting, new Promise((wake) => setTimeout(wake, 100))]);
    wire.isNear = true;
    const failed = (await outcomes).filter(({ status }) => status === "rejected");
    expect(failed.length).toBeGreaterThan(0);
    wire.isNear = false;
    expect(await query(pool, ONE)).toEqual([{ one: 1 }]);
  } finally {
    await pool.end();
  }
});

it("a connection may break in the moment in which it is made, and nobody dies", async () => {
  const pool = openPool(wire.urlOf(postgres.url), "test#2");
  try {
    wire.isNear = true;
    await expect(query(pool, ONE)).rejects.toThrow();
    wire.isNear = false;
    expect(await query(pool, ONE)).toEqual([{ one: 1 }]);
  } finally {
    await pool.end();
  }
});
