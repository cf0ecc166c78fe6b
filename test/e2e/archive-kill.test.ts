/** The command `archive` as a process that is killed again and again: what it has done at last is what one that nobody killed does. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { Random } from "../../chaos/simulator/world/random.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { archive } from "../../services/archive/archive.js";
import { audit } from "../../services/audit/audit.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { FIRST, holderOf, SECOND, SYMBOL, tradeABit, Venue } from "../contract/actors.js";
import { TestDatabase, TestDatabases } from "../contract/postgres.js";
import { temporaryFolder } from "../helpers/servers.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "services", "cli", "main.js");
const PAIRS = 100;
const HOUR_US = 3_600_000_000;
const DAYS = 2;
/** All that the venue does is of a time long ago: the ends of what one command archives, the last of it of everything. */
const LONG_AGO = 1_750_000_000_000_000;
const KILLS = 6;
/** A command that nobody kills sends about so many packets. */
const PACKETS_MAX = 80;
const UNDER_WAY = "ARCHIVE_UNDER_WAY";

/** A way to the database which kills who goes it, at the packet that is drawn: before it arrives, or when it has. */
class Ambush {
  victim: ChildProcess | null = null;
  packetsLeft = Number.POSITIVE_INFINITY;
  mayArrive = true;
  readonly url: string;
  private readonly server: Server;

  private constructor(server: Server, target: string) {
    this.server = server;
    this.url = target.replace(/:\d+\//, `:${(server.address() as AddressInfo).port}/`);
  }

  static async at(target: string): Promise<Ambush> {
    const { hostname, port } = new URL(target);
    const server = createServer((from) => {
      const to = connect(Number(port), hostname);
      from.on("data", (packet) => {
        ambush.packetsLeft -= 1;
        const isNow = ambush.packetsLeft === 0;
        if (!isNow || ambush.mayArrive) to.write(packet);
        if (isNow) ambush.victim?.kill("SIGKILL");
      });
      to.pipe(from);
      from.on("close", () => to.end());
      for (const socket of [from, to]) socket.on("error", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const ambush = new Ambush(server, target);
    return ambush;
  }

  close(): void {
    this.server.close();
  }
}

const { folder, remove } = temporaryFolder();
const [killed, whole] = [join(folder, "killed"), join(folder, "whole")];
let databases: TestDatabases;
let database: TestDatabase;
let twin: TestDatabase;
let ambush: Ambush;
/** Each is archived by itself, so that an actor has several files. */
const ends: number[] = [];

beforeAll(async () => {
  databases = await TestDatabases.start();
  database = await databases.make();
  const store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  const market = await database.addMarket(marketName(SYMBOL));
  const venue = await Venue.open(store, market);
  await database.query("INSERT INTO assets (name, decimals) VALUES ('TSMC', 0), ('TWD', 2)");
  await database.query("INSERT INTO instruments VALUES ($1, $2, 1, 2, 2, 0, 1, 1, 1, 100)", [
    market,
    SYMBOL,
  ]);
  await tradeABit(venue);
  for (let pair = 0; pair < PAIRS; pair++) {
    if (pair % (PAIRS / DAYS) === 0) {
      for (const committer of venue.all) committer.waited += 48 * HOUR_US;
      ends.push(venue.batches.at(-1)!.time + HOUR_US);
    }
    await venue.ask(venue.order(FIRST, `bid-${pair}`, { price: 96, quantity: 2 }));
    await venue.ask(venue.order(SECOND, `ask-${pair}`, { side: 2, price: 96, quantity: 2 }));
  }
  ends.push(LONG_AGO);
  await store.close();
  await database.close();
  twin = await databases.make(database.name);
  database = new TestDatabase(database.name, database.url);
  ambush = await Ambush.at(database.url);
});

afterAll(async () => {
  ambush?.close();
  await database?.close();
  await twin?.close();
  await databases?.stop();
  remove();
});

/** Runs the command; gives how it ended, and what it said. */
async function run(before: number): Promise<{ signal: string | null; stderr: string }> {
  const time = new Date(before / 1_000).toISOString();
  const args = ["archive", "--before", time, "--to", killed, "--url", ambush.url];
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += chunk));
  ambush.victim = child;
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== null && code !== 0 && !stderr.includes(UNDER_WAY)) throw new Error(stderr);
  return { signal, stderr };
}

/** The database may not have noticed yet that who archived is dead. */
async function runToItsEnd(before: number): Promise<void> {
  ambush.packetsLeft = Number.POSITIVE_INFINITY;
  while ((await run(before)).stderr.includes(UNDER_WAY)) continue;
}

const noted = (names: readonly string[]) => names.filter((name) => name.endsWith(".gz")).sort();

it("leaves the same files, byte for byte, and the same rows, wherever it was killed", async () => {
  const seed = Date.now() % 1_000_000;
  const random = new Random(seed);
  let kills = 0;
  for (const before of ends) {
    await archive(twin.url, whole, { before }, () => undefined);
    for (let tries = 0; tries < KILLS / ends.length; tries++) {
      ambush.packetsLeft = random.whole(4, PACKETS_MAX);
      ambush.mayArrive = random.chance(0.5);
      if ((await run(before)).signal === "SIGKILL") kills += 1;
      const { firstViolation } = await audit(database.url, { archives: killed });
      expect(firstViolation, `seed ${seed}`).toBeNull();
    }
    await runToItsEnd(before);
  }
  expect(kills, `seed ${seed}`).toBeGreaterThan(0);
  const files = noted(readdirSync(killed));
  expect(files, `seed ${seed}`).toEqual(noted(readdirSync(whole)));
  expect(files.length).toBeGreaterThan(ends.length);
  for (const file of files) {
    expect(readFileSync(join(killed, file)).equals(readFileSync(join(whole, file))), file).toBe(
      true,
    );
  }
  expect(await database.contents(), `seed ${seed}`).toEqual(await twin.contents());
  const report = await audit(database.url, { archives: killed });
  expect(report).toMatchObject({ ok: true, conserved: true, journalGaps: 0, firstViolation: null });
});
