/** An actor that stops for what somebody has forged: an operator is told where, why and what to do, and does it. */
import { connect } from "nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { streamName, subjectName } from "../../services/adapters/nats/names.js";
import { temporaryFolder } from "../helpers/servers.js";
import type { ClusterSaid } from "./said.js";
import { eventually, isSame, Terminal } from "./start-cli.js";

const SYMBOL = "AAPL";
const MARKET = "market.AAPL";
const SHARD = "ledger.1";
const NODES = ["node-1", "node-2", "node-3"];
const FORGERIES = 2_000;
/** No market knows such a command. */
const NO_COMMAND = 250;

const { folder, remove } = temporaryFolder();
const terminal = new Terminal(folder, { PALISADE_FLOW_ORDERS_PER_SECOND: "40" });
let running: Awaited<ReturnType<Terminal["start"]>>;
const everStarted: { pid: number; identity: string }[] = [];

beforeAll(async () => {
  running = await terminal.start();
  const { pid, identity } = terminal.runFile();
  everStarted.push(...terminal.alive(), { pid, identity });
  await eventually("the market to be led", async () => (await leaderNow()) ?? undefined);
});

afterAll(async () => {
  const start = everStarted.at(-1);
  if (start && isSame(start)) process.kill(start.pid, "SIGINT");
  await eventually("everything to stop", async () => !everStarted.some(isSame) || undefined).catch(
    () => {
      for (const each of everStarted.filter(isSame)) process.kill(each.pid, "SIGKILL");
    },
  );
  remove();
});

async function actorNow(name: string) {
  const { actors } = await terminal.json<ClusterSaid>("cluster");
  return actors.find(({ actor }) => actor === name)!;
}

const marketNow = () => actorNow(MARKET);
const leaderNow = async (name = MARKET): Promise<string | null> => (await actorNow(name)).node;

/** So that who leads the shard next finds rows that do not give its hash; or as they were. */
async function changeTier(by: number): Promise<void> {
  const changed = await terminal.sql(
    `UPDATE accounts SET tier = tier + ${by} WHERE account =
       (SELECT min(account) FROM accounts JOIN actors USING (actor) WHERE name = '${SHARD}')
     RETURNING account`,
  );
  expect(changed).toHaveLength(1);
}

/** Under a shard's name and token; among so many numbers is the one that is due. Gives the inbox's anchor. */
async function forge(): Promise<number> {
  const [link] = await terminal.sql(
    `SELECT a.anchor, l.peer, l.token, l.received FROM links l JOIN actors a USING (actor)
     WHERE a.name = '${MARKET}' AND l.peer IN (SELECT actor FROM actors WHERE kind = 'ledger') LIMIT 1`,
  );
  const [anchor, peer, token, received] = ["anchor", "peer", "token", "received"].map((column) =>
    Number(link![column]),
  ) as [number, number, number, number];
  const connection = await connect({ servers: terminal.runFile().urls.nats });
  for (let n = 1; n <= FORGERIES; n++) {
    const frame = encodeFrame(peer, received + n, [Uint8Array.of(NO_COMMAND)]);
    stampToken(frame, token);
    connection.publish(subjectName(MARKET, anchor), frame);
  }
  await connection.flush();
  await connection.close();
  return anchor;
}

it("is stopped where it is said, and is led again when its inbox is dropped and a node was restarted", async () => {
  expect(await terminal.refused("drop-inbox", SYMBOL)).toMatch(
    /ACTOR_IS_LED: node-\d leads market\.AAPL and reads its inbox, so nothing was deleted/,
  );
  expect(await terminal.refused("drop-inbox", "AAPLE")).toContain("UNKNOWN_ACTOR");
  const anchor = await forge();
  await eventually("the market to be stopped everywhere", async () => {
    const { node, stopped } = await marketNow();
    return (node === null && stopped.length === NODES.length) || undefined;
  });
  const why = /^market\.AAPL is stopped on node-1, node-2, node-3: MalformedError: .*RUNBOOK\.md$/m;
  const { stdout } = await terminal.run("cluster");
  expect(stdout).toMatch(/^market\.AAPL +nobody: stopped +\d+/m);
  expect(stdout).toMatch(why);
  const stream = streamName(MARKET, anchor);
  const explained = (await terminal.run("explain", SYMBOL)).stdout;
  expect(explained).toMatch(why);
  expect(explained).toContain(` of the stream ${stream} (made `);
  await eventually(
    "the live status to say so",
    async () => running.stderr.includes("  market.AAPL is stopped on ") || undefined,
  );

  const dropped = await terminal.json("drop-inbox", SYMBOL);
  expect(dropped).toEqual({ actor: MARKET, stream, deleted: true, restart: NODES });
  await terminal.json("kill", "node-2");
  await eventually("the market to be led by who was restarted", async () =>
    (await leaderNow()) === "node-2" ? true : undefined,
  );
  await eventually("commands for it to be applied again", async () => {
    const [applied] = await terminal.sql(
      `SELECT count(*)::integer AS batches FROM batch_log l JOIN actors a USING (actor, token)
       WHERE a.name = '${MARKET}' AND octet_length(l.commands) > 0`,
    );
    return Number(applied!["batches"]) > 0 || undefined;
  });
  expect(await terminal.json("audit")).toMatchObject({ ok: true });
});

it("keeps its inbox where that is not what is wrong, and is led again when its rows are put back", async () => {
  // A warm standby reads no rows.
  await terminal.json("standby", SHARD, "off");
  await changeTier(1);
  const leader = await eventually(
    "the shard to be led",
    async () => (await leaderNow(SHARD)) ?? undefined,
  );
  await terminal.json("kill", leader);
  const stopped = await eventually("the shard to be stopped", async () => {
    const now = await actorNow(SHARD);
    return now.node === null && now.stopped.length > 0 ? now.stopped : undefined;
  });
  expect(await terminal.refused("drop-inbox", SHARD)).toMatch(
    /INBOX_NOT_AT_FAULT: node-\d has stopped ledger\.1 for its rows, .*do not give the hash.*RUNBOOK/,
  );
  await changeTier(-1);
  for (const { node } of stopped) await terminal.json("kill", node);
  await eventually("the shard to be led again", async () => (await leaderNow(SHARD)) ?? undefined);
  expect(await terminal.json("audit")).toMatchObject({ ok: true });
});
