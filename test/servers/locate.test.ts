import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startNats } from "../../services/servers/nats.js";
import type { ServerKind } from "../../services/servers/child-server.js";
import { advice, ensureServers } from "../../services/servers/install.js";
import { locate, searchDirs } from "../../services/servers/locate.js";
import { temporaryFolder } from "../helpers/servers.js";

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A folder with programs that do nothing but print a version. */
function fakePrograms(versions: Record<string, string>): string {
  const { folder, remove } = temporaryFolder();
  cleanups.push(remove);
  for (const [name, version] of Object.entries(versions)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${version}'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

describe("looking for the servers", () => {
  it("finds those of this machine", () => {
    for (const kind of ["nats", "etcd", "postgres"] as const) {
      expect(locate(kind, searchDirs(kind))).toMatchObject({ state: "found" });
    }
  });

  it("passes over a version that is too old", () => {
    const old = fakePrograms({ "nats-server": "nats-server: v2.8.4" });
    const fitting = fakePrograms({ "nats-server": "nats-server: v2.10.1" });
    expect(locate("nats", [old])).toMatchObject({ state: "unsupported", version: "2.8.4" });
    expect(locate("nats", [old, fitting])).toMatchObject({ state: "found", version: "2.10.1" });
  });

  it("takes no PostgreSQL without initdb", () => {
    const client = fakePrograms({ postgres: "postgres (PostgreSQL) 15.18" });
    expect(locate("postgres", [client])).toEqual({ state: "missing" });
  });

  it("says clearly which version does not fit, and what would", async () => {
    const old = fakePrograms({
      etcd: "etcd Version: 3.3.25",
      postgres: "postgres (PostgreSQL) 13.9",
      initdb: "",
    });
    const search = (bad: ServerKind) => (kind: ServerKind) =>
      kind === bad ? [old] : searchDirs(kind);
    await expect(ensureServers({ log: () => {}, search: search("etcd") })).rejects.toMatchObject({
      code: "SERVER_VERSION_UNSUPPORTED",
      message: expect.stringContaining("is version 3.3.25; Palisade needs etcd 3.4 or newer"),
    });
    await expect(
      ensureServers({ log: () => {}, search: search("postgres") }),
    ).rejects.toMatchObject({
      code: "SERVER_VERSION_UNSUPPORTED",
      message: expect.stringContaining("is version 13.9; Palisade needs postgres 14.0 or newer"),
    });
  });

  it("tells each system how to get them", () => {
    expect(advice(["nats", "etcd"], "debian")).toContain("apt-get install nats-server etcd-server");
    expect(advice(["postgres"], "fedora")).toContain("dnf install");
    expect(advice(["nats"], "macos")).toContain("brew install nats-server");
    expect(advice(["postgres"], "other")).toContain("https://www.postgresql.org/download");
  });
});

describe("a server that cannot start", () => {
  it("is an error with the server's own words, and leaves no process", async () => {
    const { folder, remove } = temporaryFolder();
    cleanups.push(remove);
    const program = join(fakePrograms({ "nats-server": "no room on this ship" }), "nats-server");
    mkdirSync(join(folder, "nats"));
    const attempt = startNats({ folder: join(folder, "nats"), program, log: () => {} });
    await expect(attempt).rejects.toMatchObject({
      code: "SERVER_START_FAILED",
      message: expect.stringMatching(/ended with code 0[^]*no room on this ship/),
    });
  });
});
