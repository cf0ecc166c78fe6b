/** What npm has started hears of npm's end, which is all that a signal to npm alone leaves of itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

const MODULE = new URL("../../dist/services/cli/parent-gone.js", import.meta.url).href;
/** Within which it would have heard, as a rule. */
const LONG_MS = 1_000;
/** On a machine without a free core. */
const HEARD_MS_MAX = 30_000;
/** Tells its process id when it watches its parent, and then that this is gone. */
const CHILD = `import { onParentGone } from ${JSON.stringify(MODULE)};
onParentGone(() => console.log("gone"));
console.log(process.pid);
setInterval(() => undefined, 1_000);`;
/** Starts the child and lends it its own input and output, as npm does. */
const PARENT = `require("node:child_process").spawn(process.execPath,
  ["--input-type=module", "--eval", ${JSON.stringify(CHILD)}], { stdio: "inherit" });
setInterval(() => undefined, 1_000);`;

function begin(env: NodeJS.ProcessEnv): { parent: ChildProcess; lines: AsyncIterator<string> } {
  const parent = spawn(process.execPath, ["--eval", PARENT], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  return { parent, lines };
}

/** Ends the parent alone; what the child says then, at the latest after so long, when it is ended too. */
async function saidAfterwards(env: NodeJS.ProcessEnv, waitMs: number): Promise<string | undefined> {
  const { parent, lines } = begin(env);
  const pid = Number((await lines.next()).value);
  parent.kill("SIGTERM");
  await once(parent, "exit");
  const next = lines.next();
  await Promise.race([next, sleep(waitMs)]);
  process.kill(pid, "SIGKILL");
  const { value, done } = await next;
  return done ? undefined : value;
}

it("hears when npm has ended before it", { timeout: 2 * HEARD_MS_MAX }, async () => {
  expect(await saidAfterwards({ npm_lifecycle_event: "drill" }, HEARD_MS_MAX)).toBe("gone");
});

it("goes on without its parent where that was not npm", async () => {
  expect(await saidAfterwards({ npm_lifecycle_event: undefined }, LONG_MS)).toBeUndefined();
});
