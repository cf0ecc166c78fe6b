/** What a benchmark says of the machine. */
import { existsSync, statfsSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileSystemOf, machineOf } from "../bench/machine.js";

const TMPFS = 0x01021994;
const SHARED_MEMORY = "/dev/shm";

const MOUNTS = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
22 27 0:21 / /proc rw,relatime - proc proc rw
30 27 254:16 / /data rw,relatime shared:7 master:2 - xfs /dev/vdb rw
31 30 0:40 / /data/a\\040folder rw - tmpfs none rw
32 27 0:41 / /over rw - tmpfs none rw
33 32 0:42 / /over rw - btrfs /dev/vdc rw
34 27 0:43 / /dash - one
`;

describe("the file system of a path", () => {
  const of = (path: string) => fileSystemOf(path, MOUNTS);

  it("is that of the innermost place on its way", () => {
    expect(of("/elsewhere/deep")).toBe("ext4");
    expect(of("/data")).toBe("xfs");
    expect(of("/data/deep/down")).toBe("xfs");
    expect(of("/data/a folder/x")).toBe("tmpfs");
  });

  it("is not that of a place whose name only begins alike", () => {
    expect(of("/database")).toBe("ext4");
  });

  it("is the one that was put over another", () => {
    expect(of("/over/x")).toBe("btrfs");
  });

  it("is not known without such lines", () => {
    expect(fileSystemOf("/elsewhere", "")).toBeNull();
    expect(fileSystemOf("/elsewhere", "nothing of the kind")).toBeNull();
  });
});

describe("the machine", () => {
  it("has a kernel, a memory, and no disk where no folder is known", () => {
    const machine = machineOf(undefined);
    expect(machine).toMatchObject({ kernel: release(), fileSystem: null, blockDevice: null });
    expect(machine["memoryMib"]).toBeGreaterThan(0);
    expect(machine["walkNanoseconds"]).toBeGreaterThan(0);
    expect(machine["mixNanoseconds"]).toBeGreaterThan(0);
    const nowhere = machineOf(join(tmpdir(), "palisade-is-not-there"));
    expect(nowhere).toMatchObject({ fileSystem: null, blockDevice: null });
  });

  it.runIf(existsSync("/proc/self/mountinfo"))("knows on what a folder lies", () => {
    expect(machineOf(tmpdir())["fileSystem"]).toMatch(/^\w+/);
  });

  it.runIf(existsSync(SHARED_MEMORY) && statfsSync(SHARED_MEMORY).type === TMPFS)(
    "has no device for what is in memory",
    () => {
      expect(machineOf(SHARED_MEMORY)).toMatchObject({ fileSystem: "tmpfs", blockDevice: null });
    },
  );
});
