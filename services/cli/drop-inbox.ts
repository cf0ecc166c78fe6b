/**
 * `drop-inbox`: deletes the stream of an actor that nobody can lead for what somebody has put there. Its next leader anchors a
 * new one, and its sources send again what was not committed (R5): nothing that was accepted is lost.
 */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { instanceUrls } from "../adapters/instances/instances.js";
import { connectNats, NatsLog } from "../adapters/nats/index.js";
import { streamName } from "../adapters/nats/names.js";
import { openPool, query } from "../adapters/postgres/connections.js";
import { SystemClock } from "../common/clock.js";
import * as sql from "../explain/sql.js";
import { CliError } from "./cli-error.js";
import { actorOf, withCluster } from "./cluster.js";
import { printJson } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";
import { stopsOf, WAY_OUT } from "./stops.js";

interface Options {
  readonly json?: boolean;
  readonly dataDir?: string;
}

const CLIENT_NAME = "drop-inbox";
const ELSEWHERE =
  "It is for the machine of npm start, whose nodes say what they have stopped. Of an exchange that runs elsewhere " +
  "npx palisade explain ACTOR --url POSTGRES names the stream, which is deleted by the tools of NATS";
/** The reason of who has read rows that somebody has changed. */
const OF_ROWS = /the rows of batch \d+ do not give the hash/;

export async function dropInbox(word: string, { json, dataDir }: Options): Promise<void> {
  // Nothing is deleted on the word of a database: the nodes themselves have to say that they have stopped.
  const run = readRunFile(dataDirectory(dataDir), ELSEWHERE);
  return withCluster({ dataDir }, async (_, state) => {
    const { actor, node } = actorOf(state, word);
    const shown = decodeSymbol(actor);
    if (node !== null) {
      throw new CliError(
        "ACTOR_IS_LED",
        `${node} leads ${shown} and reads its inbox, so nothing was deleted; only that of an actor that nobody leads can be`,
      );
    }
    const stopped = (await stopsOf(run)).get(actor) ?? [];
    if (stopped.length === 0) {
      throw new CliError(
        "ACTOR_NOT_STOPPED",
        `nobody leads ${shown}, and no node says that it has stopped: its inbox is not what is wrong; npx palisade explain ${shown}`,
      );
    }
    const other = stopped.find(({ reason }) => OF_ROWS.test(reason));
    if (other) {
      throw new CliError(
        "INBOX_NOT_AT_FAULT",
        `${other.node} has stopped ${shown} for its rows, and not for its inbox, so nothing was deleted: ${other.reason}; ${WAY_OUT}`,
      );
    }
    const anchor = await anchorOf(run.urls.postgres, actor);
    if (anchor === 0) throw new CliError("NO_INBOX", `${shown} has no inbox yet`);
    const stream = streamName(actor, anchor);
    await remove(run.urls.nats, actor, anchor);
    const nodes = stopped.map((each) => each.node);
    if (json) return printJson({ actor, stream, deleted: true, restart: nodes });
    process.stdout.write(
      `deleted ${stream}. Now restart ${nodes.join(", ")}, one after the other, each when npx palisade cluster shows the one before with its share: ` +
        `the first of them leads ${shown} again\n`,
    );
  });
}

/** 0: it has had none. */
async function anchorOf(urls: string, name: string): Promise<number> {
  for (const url of instanceUrls(urls)) {
    const pool = openPool(url, CLIENT_NAME, 1);
    try {
      const actors = await query<sql.ActorRow>(pool, sql.ACTORS);
      const found = actors.find((each) => each.name === name);
      if (found) return found.anchor;
    } finally {
      await pool.end();
    }
  }
  return 0;
}

async function remove(natsUrl: string, actor: string, anchor: number): Promise<void> {
  const connection = await connectNats(natsUrl, CLIENT_NAME);
  try {
    const log = await NatsLog.open(connection, new SystemClock());
    await log.remove(actor, anchor);
  } finally {
    await connection.close();
  }
}
