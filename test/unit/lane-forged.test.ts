/** Anybody can say on the bus that a receiver has had what was never sent: it is told of once, and counted each time. */
import { pino } from "pino";
import { expect, it } from "vitest";
import { Lane, type LaneDependencies } from "../../services/gateway/lane.js";
import { malformedMessages } from "../../services/gateway/metrics.js";
import { ManualClock } from "../helpers/manual-clock.js";

const SHARD = 1;
const FORGED_MARKS = 100;

it("marks of what was never sent give one line, and are all counted", async () => {
  const said: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => void said.push(line) });
  const leaders = { inbox: () => ({ name: "ledger.1", anchor: 1 }), isLed: () => true };
  const deps = { log: {}, clock: new ManualClock(), leaders, logger };
  const lane = () => new Lane(SHARD, -1, 1, deps as unknown as LaneDependencies);
  const counted = async () => (await malformedMessages.get()).values[0]?.value ?? 0;
  const before = await counted();
  const forged = lane();
  for (let number = 1; number <= FORGED_MARKS; number++) forged.confirm(number);
  expect(await counted()).toBe(before + FORGED_MARKS);
  expect(said.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: pino.levels.values.warn, actor: "ledger.1", number: 1 },
  ]);
  // Another receiver's is another matter.
  lane().confirm(1);
  expect(said).toHaveLength(2);
});
