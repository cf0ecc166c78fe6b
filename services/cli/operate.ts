/** Looking at a running exchange, and killing parts of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { identityOf } from "../servers/process-identity.js";
import { LeaderBoard } from "../supervisor/leaders.js";
import { CliError } from "./cli-error.js";
import { printJson, printTable } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";
import { placesOf } from "./whereabouts.js";

/** Draining and the ends of all processes and servers have limits of their own, which are less together. */
const STOP_MS_MAX = 60_000;
const POLL_MS = 50;
const MS_PER_SECOND = 1_000;

export interface Common {
  readonly json?: boolean;
  readonly dataDir?: string;
}

export async function leaders({ json, ...where }: Common): Promise<void> {
  const board = new LeaderBoard(placesOf(where).urls.postgres);
  try {
    const found = [...(await board.read())].map(
      ([actor, leader]) => [decodeSymbol(actor), leader] as const,
    );
    if (json) return printJson(Object.fromEntries(found));
    const rows = found.map(([actor, { node, token }]) => [actor, node, token]);
    printTable([["actor", "claimed last by", "token"], ...rows]);
  } finally {
    await board.close();
  }
}

/** As Ctrl-C in its terminal; npm passes no signal on to what it has started. Resolves when everything of it has ended. */
export async function stop({ json, dataDir }: Common): Promise<void> {
  const folder = dataDirectory(dataDir);
  const { pid, identity } = readRunFile(folder, "There is nothing to stop");
  process.kill(pid, "SIGINT");
  const deadline = performance.now() + STOP_MS_MAX;
  while (identityOf(pid) === identity) {
    if (performance.now() > deadline) {
      throw new CliError(
        "STOP_TIMED_OUT",
        `process ${pid} drains and stops, and has not ended after ${STOP_MS_MAX / MS_PER_SECOND} s; its terminal says what it waits for`,
      );
    }
    await sleep(POLL_MS);
  }
  if (json) printJson({ stopped: folder, pid });
  else process.stdout.write(`stopped the exchange on ${folder}, process ${pid}\n`);
}

/** SIGKILL, so that the process has no chance to say goodbye. Only processes of the run file are ever killed. */
export async function kill(name: string, { json, dataDir }: Common): Promise<void> {
  const { processes } = readRunFile(dataDirectory(dataDir));
  const found = processes.find((each) => each.name === name);
  if (!found) {
    const known = processes.map((each) => each.name).join(", ");
    throw new CliError("UNKNOWN_PROCESS", `there is no ${name}; there are: ${known}`);
  }
  if (identityOf(found.pid) !== found.identity) {
    throw new CliError("PROCESS_GONE", `${name} does not run now; it is started again in seconds`);
  }
  process.kill(found.pid, "SIGKILL");
  if (json) printJson({ killed: name, pid: found.pid });
  else process.stdout.write(`killed ${name}, process ${found.pid}\n`);
}
