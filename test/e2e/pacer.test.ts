/** The thread by which load processes send when an order of a slow open loop is due; it runs as it is built. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const BUILT = pathToFileURL(join(PROJECT_ROOT, "dist", "chaos", "load", "pacer.js")).href;
const PROCESS_LIMIT_MS = 30_000;
const ORDERS = 50;

/** Two rounds of one pacer, each until so many orders are due and it has looked for the last of them. */
const PROGRAM = `
import { pacerFor } from ${JSON.stringify(BUILT)};
const EVERY_MS = 4;
const pacer = pacerFor(1_000 / EVERY_MS);
for (const agoMs of [0, 1_000]) {
  const startedMs = performance.now() - agoMs;
  const due = () => Math.floor((performance.now() - startedMs - agoMs) / EVERY_MS);
  let looks = 0;
  await new Promise((end) => {
    pacer.start(startedMs, 1_000 / EVERY_MS, () => {
      looks += 1;
      if (due() >= ${ORDERS}) end();
    });
  });
  pacer.stop();
  console.log(looks <= due() + 1 ? looks : 0);
}
`;

it("looks once when an order is due, begins anew, and leaves no thread behind", () => {
  const options = { encoding: "utf8", timeout: PROCESS_LIMIT_MS } as const;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", PROGRAM], options);
  const rounds = said.trim().split("\n").map(Number);
  expect(rounds).toHaveLength(2);
  // On a machine without time for us one look is for many orders; 0: there were more looks than orders.
  for (const looks of rounds) expect(looks).toBeGreaterThan(0);
});
