/** What processes have written, as `/proc/PID/io` has it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseWritten, writtenBetween, writtenBytes } from "../bench/written.js";

const BYTES_PER_MIB = 1_048_576;
/** What a process writes besides: words to its parent, wake-ups of its threads. */
const BESIDES = BYTES_PER_MIB / 8;
const HAS_PROC = existsSync("/proc/self/io");
/** No process has so high a number. */
const NOBODY = 2 ** 30;

const LINES = `rchar: 1948
wchar: 1234567
syscr: 7
syscw: 3
read_bytes: 0
write_bytes: 4096
cancelled_write_bytes: 0
`;

const families = (...its: (readonly number[])[]) => new Map([["it", its]]);

it("is what went out by write calls, not what was made dirty on a disk", () => {
  expect(parseWritten(LINES)).toBe(1_234_567);
  expect(parseWritten(LINES.replace("wchar", "cwchar"))).toBeUndefined();
  expect(parseWritten("")).toBeUndefined();
});

it("is known between two looks of what both have seen", () => {
  const before = new Map([
    ["node-1", 10],
    ["node-2", 5],
  ]);
  const after = new Map([
    ["node-1", 25],
    ["node-3", 7],
  ]);
  expect([...writtenBetween(before, after)]).toEqual([["node-1", 15]]);
});

it("is not known where one of those that count together is not", () => {
  expect(writtenBytes(families([NOBODY])).size).toBe(0);
  expect(writtenBytes(families([process.pid], [NOBODY])).size).toBe(0);
  expect(writtenBytes(families([NOBODY, process.pid])).size).toBe(0);
});

describe.runIf(HAS_PROC)("of processes that run, it", () => {
  const written = (...its: (readonly number[])[]) => writtenBytes(families(...its)).get("it")!;
  const growth = async (work: () => unknown) => {
    const before = written([process.pid]);
    await work();
    return written([process.pid]) - before;
  };

  it("counts files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "palisade-written-"));
    try {
      const data = Buffer.alloc(BYTES_PER_MIB);
      const bytes = await growth(() => writeFileSync(join(folder, "data"), data));
      expect(bytes).toBeGreaterThanOrEqual(BYTES_PER_MIB);
      expect(bytes).toBeLessThan(BYTES_PER_MIB + BESIDES);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("counts what is sent through sockets, once", async () => {
    const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    const send = () =>
      new Promise((done) => void socket.write(Buffer.alloc(BYTES_PER_MIB), () => done(undefined)));
    const bytes = await growth(send);
    socket.destroy();
    server.close();
    expect(bytes).toBeGreaterThanOrEqual(BYTES_PER_MIB);
    expect(bytes).toBeLessThan(BYTES_PER_MIB + BESIDES);
  });

  it("counts what children have written, those that have ended as well", async () => {
    const write = "head -c 1048576 /dev/zero | cat >/dev/null";
    const shell = spawn("sh", ["-c", `read _; ${write}; echo done; read _`]);
    try {
      const before = written([shell.pid!, NOBODY]);
      shell.stdin.write("\n");
      await once(shell.stdout, "data");
      // By `head` and by `cat`.
      const bytes = written([shell.pid!, NOBODY]) - before;
      expect(bytes).toBeGreaterThanOrEqual(2 * BYTES_PER_MIB);
      expect(bytes).toBeLessThan(2 * BYTES_PER_MIB + BESIDES);
      const both = written([shell.pid!, process.pid]);
      expect(both).toBeGreaterThanOrEqual(written([shell.pid!]) + BYTES_PER_MIB);
      expect(written([shell.pid!], [process.pid])).toBeGreaterThanOrEqual(both);
    } finally {
      shell.kill();
    }
  });
});
