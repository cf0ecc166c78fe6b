/** Where a command looks for its exchange: a run file on the data directory, else what it is told, else it says what to do. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  commandFor,
  commandThrough,
  gatewayOf,
  placesOf,
  type Whereabouts,
} from "../../services/cli/whereabouts.js";
import { identityOf } from "../../services/servers/process-identity.js";

const HERE = { etcd: "http://127.0.0.1:1", postgres: "postgres://127.0.0.1:2/here" };
const THERE = { etcd: "http://10.0.0.1:2379", postgres: "postgres://10.0.0.2:5432/there" };
const GATEWAY = "127.0.0.1:3";
const NODE = { name: "node-1", kind: "node", pid: 4, identity: "", http: 5 };

const folder = mkdtempSync(join(tmpdir(), "palisade-whereabouts-"));
const running = join(folder, "running");
const empty = join(folder, "with nothing");
for (const each of [running, empty]) mkdirSync(each);
const run = {
  format: 1,
  pid: process.pid,
  identity: identityOf(process.pid),
  grpc: GATEWAY,
  ws: "",
  urls: { nats: "", ...HERE },
  processes: [NODE],
};
writeFileSync(join(running, "run.json"), JSON.stringify(run));

beforeEach(() => vi.stubEnv("PALISADE_DATA_DIR", undefined));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tellThere({ etcd, postgres }: Partial<typeof THERE> = THERE): void {
  if (etcd !== undefined) vi.stubEnv("PALISADE_ETCD_URL", etcd);
  if (postgres !== undefined) vi.stubEnv("PALISADE_POSTGRES_URL", postgres);
}

/** What is said where nothing is found, with its code first. */
function refusalOf(find: (where: Whereabouts) => unknown, where: Whereabouts): string {
  try {
    find(where);
  } catch (error) {
    expect((error as { code: string }).code).toBe((error as Error).message.split(":")[0]);
    return (error as Error).message;
  }
  throw new Error("it was found");
}

describe("etcd and Postgres", () => {
  it("are those of the exchange on the data directory that is named, whatever the variables say", () => {
    const found = { processes: [NODE], folder: running };
    expect(placesOf({ dataDir: running })).toMatchObject({ ...found, urls: HERE });
    tellThere();
    expect(placesOf({ dataDir: running })).toMatchObject({ ...found, urls: HERE });
    expect(placesOf({ dataDir: running, gateway: GATEWAY })).toMatchObject(found);
  });

  it("are of no exchange where the data directory is not named and the variables have another", () => {
    vi.stubEnv("PALISADE_DATA_DIR", running);
    const found = { urls: HERE, processes: [NODE], folder: running };
    expect(placesOf({})).toMatchObject(found);
    tellThere(HERE);
    expect(placesOf({})).toMatchObject(found);
    tellThere();
    expect(refusalOf(placesOf, {})).toMatch(
      /^TWO_EXCHANGES: one runs on (.*), and PALISADE_ETCD_URL and PALISADE_POSTGRES_URL name another\. Say --data-dir \1 /,
    );
  });

  it("are those of the variables where none runs there, or one with another gateway", () => {
    tellThere();
    const there = { urls: THERE, processes: [], folder: null };
    expect(placesOf({ dataDir: empty })).toEqual(there);
    expect(placesOf({ dataDir: running, gateway: "10.0.0.3:1" })).toEqual(there);
  });

  it("are not known where none runs and nothing is said, which names both ways", () => {
    expect(refusalOf(placesOf, { dataDir: empty })).toMatch(
      /^EXCHANGE_NOT_RUNNING: no exchange runs on .*--data-dir.*npm start.*set PALISADE_ETCD_URL and PALISADE_POSTGRES_URL as its nodes have them$/,
    );
  });

  it.each([
    ["PALISADE_POSTGRES_URL", { etcd: THERE.etcd }],
    ["PALISADE_ETCD_URL", { postgres: THERE.postgres }],
  ])("are not known without %s", (missing, told) => {
    tellThere(told);
    expect(refusalOf(placesOf, { dataDir: empty })).toMatch(
      new RegExp(`^OPERATOR_ADDRESSES_MISSING: ${missing} is not set, .*Set both.*--data-dir`),
    );
    // Where one runs, nobody needs them.
    expect(placesOf({ dataDir: running }).urls).toMatchObject(HERE);
  });

  it("are not known of a gateway that belongs to none that runs here", () => {
    expect(refusalOf(placesOf, { dataDir: running, gateway: "10.0.0.3:1" })).toMatch(
      /^OPERATOR_ADDRESSES_MISSING: .* no exchange with the gateway 10\.0\.0\.3:1 runs on .*--data-dir, or set PALISADE_ETCD_URL and/,
    );
  });
});

describe("a gateway", () => {
  it("is the one that is named, else that of the exchange on the data directory", () => {
    expect(gatewayOf({ dataDir: running })).toBe(GATEWAY);
    expect(gatewayOf({ dataDir: running, gateway: "exchange.example:7000" })).toBe(
      "exchange.example:7000",
    );
  });

  it("is not known where none runs, whatever the variables say of etcd and Postgres", () => {
    tellThere();
    expect(refusalOf(gatewayOf, { dataDir: empty })).toMatch(
      /^EXCHANGE_NOT_RUNNING: .*npm start.*--gateway HOST:PORT$/,
    );
  });

  it.each(["7000", "exchange:", "http://exchange:7000", "exchange:0"])(
    "is not named by %s",
    (gateway) => {
      expect(refusalOf(gatewayOf, { gateway })).toMatch(
        /^NOT_AN_ADDRESS: --gateway is ".*"; it is the gateway's gRPC address, like /,
      );
    },
  );
});

it("says what a person types to find the same exchange again", () => {
  tellThere();
  expect(commandFor(placesOf({ dataDir: running }), "undrain node-1")).toBe(
    `npx palisade undrain node-1 --data-dir ${running}`,
  );
  expect(commandFor(placesOf({ dataDir: empty }), "undrain node-1")).toBe(
    "npx palisade undrain node-1 (with PALISADE_ETCD_URL and PALISADE_POSTGRES_URL set as its nodes have them)",
  );
  expect(commandThrough(GATEWAY, "cancel-all 9")).toBe(
    `npx palisade cancel-all 9 --gateway ${GATEWAY}`,
  );
});
