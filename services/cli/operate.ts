/** Looking at a running exchange, and killing parts of it. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { identityOf } from "../servers/process-identity.js";
import { LeaderBoard } from "../supervisor/leaders.js";
import { CliError } from "./cli-error.js";
import { printJson, printTable } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";

interface Common {
  readonly json?: boolean;
  readonly dataDir?: string;
}

export async function leaders({ json, dataDir }: Common): Promise<void> {
  const board = new LeaderBoard(readRunFile(dataDirectory(dataDir)).urls.postgres);
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
