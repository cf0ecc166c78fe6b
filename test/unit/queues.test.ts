/** The list of queues, against what the runbook says of them and what a process shows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadConfig } from "../../services/common/config.js";
import { scrape } from "../../services/common/metrics.js";
import { longest, QUEUES, type Queue, showQueues } from "../../services/common/queues.js";
import {
  Admission,
  ANSWERS_PER_SECOND_AT_FIRST,
  TARGET_WAIT_MS,
  TARGET_WAIT_MS_MAX,
} from "../../services/gateway/admission.js";
import { CALLS_PER_CONNECTION_MAX, EVENTS_PER_MESSAGE_MAX } from "../../services/gateway/limits.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { ManualClock } from "../helpers/manual-clock.js";

const BYTES_PER_MIB = 1_048_576;
const HEADING = "## Queues";
const HEAD = "| queue | holds | limit | at the limit |\n| --- | --- | --- | --- |\n";

const rowOf = ([name, { holds, limit, unit, atLimit }]: [string, Queue]): string =>
  `| \`${name}\` | ${holds} | ${limit.toLocaleString("en-US")} ${unit} | ${atLimit} |\n`;

it("is the table of the runbook", () => {
  const runbook = readFileSync(join(PROJECT_ROOT, "deploy", "RUNBOOK.md"), "utf8");
  const section = runbook.split(`${HEADING}\n`)[1]?.split("\n## ")[0];
  expect(section).toContain(HEAD + Object.entries(QUEUES).map(rowOf).join(""));
});

it("has as many streams for a client as the interface promises", () => {
  const proto = readFileSync(
    join(PROJECT_ROOT, "proto", "exchange", "v1", "exchange.proto"),
    "utf8",
  );
  const promised = [...proto.matchAll(/A client has (\d+) such streams/g)].map(([, most]) => most);
  const names = ["gateway-event-streams", "gateway-entry-streams"] as const;
  expect(promised.map(Number)).toEqual(names.map((name) => QUEUES[name].limit));
});

it("says of clients' calls and events what the limits say that are no queue's", () => {
  expect(QUEUES["gateway-connections"].holds).toContain(
    `of each ${CALLS_PER_CONNECTION_MAX} calls`,
  );
  const most = EVENTS_PER_MESSAGE_MAX.toLocaleString("en-US");
  expect(QUEUES["gateway-events-all"].atLimit).toContain(`of which ${most} and more are not read`);
});

it("shows a queue's length and limit when it is asked for, the limit as it is by then", async () => {
  const states = { length: 7, limit: 40 };
  showQueues(() => ({ "gateway-waiting": states, "feed-requests": longest([3, 9, 4]) }));
  const shown = await scrape();
  expect(shown).toContain('palisade_queue_length{queue="gateway-waiting"} 7\n');
  expect(shown).toContain('palisade_queue_limit{queue="gateway-waiting"} 40\n');
  expect(shown).toContain('palisade_queue_length{queue="feed-requests"} 9\n');
  expect(shown).toContain(
    `palisade_queue_limit{queue="feed-requests"} ${QUEUES["feed-requests"].limit}\n`,
  );
  states.limit = 30;
  expect(await scrape()).toContain('palisade_queue_limit{queue="gateway-waiting"} 30\n');
});

it("says of an inbox what its stream may hold where nothing else is said", () => {
  const { inboxMib } = loadConfig({}).values;
  expect(QUEUES["node-received"].limit).toBe(inboxMib * BYTES_PER_MIB);
});

it("says of commands that wait what a gateway begins with", () => {
  const { limit, atLimit } = QUEUES["gateway-waiting"];
  expect(new Admission(new ManualClock()).limit("normal")).toBe(limit);
  expect(atLimit).toContain(`answers in ${TARGET_WAIT_MS} ms (to ${TARGET_WAIT_MS_MAX}, `);
  const runbook = readFileSync(join(PROJECT_ROOT, "deploy", "RUNBOOK.md"), "utf8");
  const atFirst = ANSWERS_PER_SECOND_AT_FIRST.toLocaleString("en-US");
  expect(runbook).toContain(`taken to answer this gateway a second: ${atFirst} at first`);
});
