/** What npm has started hears of npm's end, which is all that a signal to npm alone leaves of itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

const MODULE = new URL("../../dist/services/cli/parent-gone.js", import.meta.url).href;
/** Within which it would have heard. */
const LONG_MS = 1_000;
/** Tells its process id at first, and then that its parent is gone; ends with its input. */
const CHILD = `import { onParentGone } from ${JSON.stringify(MODULE)};
console.log(process.pid);
onParentGone(() => console.log("gone"));
process.stdin.on("close", () => process.exit(0)).resume();`;
/** Starts the child and lends it its own input and output, as npm does. */
const PARENT = `require("node:child_process").spawn(process.execPath,
  ["--input-type=module", "--eval", ${JSON.stringify(CHILD)}], { stdio: "inherit" });
setInterval(() => undefined, 1_000);`;

function begin(env: NodeJS.ProcessEnv): { parent: ChildProcess; lines: AsyncIterator<string> } {
  const parent = spawn(process.execPath, ["--eval", PARENT], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout! })[Symbol.asyncIterator]();
  return { parent, lines };
}

it("hears when npm has ended before it", async () => {
  const { parent, lines } = begin({ npm_lifecycle_event: "drill" });
  expect(Number((await lines.next()).value)).toBeGreaterThan(0);
  parent.kill("SIGTERM");
  await once(parent, "exit");
  expect((await lines.next()).value).toBe("gone");
  parent.stdin!.end();
  expect((await lines.next()).done).toBe(true);
});

it("goes on without its parent where that was not npm", async () => {
  const { parent, lines } = begin({ npm_lifecycle_event: undefined });
  await lines.next();
  parent.kill("SIGTERM");
  await once(parent, "exit");
  await sleep(LONG_MS);
  parent.stdin!.end();
  // Its own end is the next thing that is heard of it.
  expect((await lines.next()).done).toBe(true);
});
