/** A data directory below /proc is refused by a process of its own, which is ended where it hangs: making folders there may never return. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const LIMIT_MS = 20_000;

it.runIf(process.platform === "linux").each(["/proc/palisade-x", "/proc/palisade-x/data"])(
  "%s is refused at once, and it is said what is allowed",
  (dataDir) => {
    const module = new URL("../../dist/services/servers/data-dir.js", import.meta.url).href;
    const text = `import { lockDataDir } from ${JSON.stringify(module)};
      try { lockDataDir(${JSON.stringify(dataDir)}); } catch (error) { console.log(error.message); }`;
    const { signal, status, stdout } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", text],
      { encoding: "utf8", timeout: LIMIT_MS, killSignal: "SIGKILL" },
    );
    expect({ signal, status }).toEqual({ signal: null, status: 0 });
    expect(stdout).toMatch(/^DATA_DIR_REFUSED: .*palisade-x.*choose a folder that this user may/);
  },
  2 * LIMIT_MS,
);
