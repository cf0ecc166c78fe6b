import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { temporaryFolder } from "../helpers/servers.js";
import type { ClusterSaid } from "./said.js";
import { eventually, isSame, Terminal } from "./start-cli.js";

const NODE_PROGRAM = join(PROJECT_ROOT, "dist", "services", "node", "main.js");
const ACCOUNT = "4711";
const SYMBOL = "2330.TW";

interface Leader {
  readonly node: string;
  readonly token: number;
}

interface Result {
  readonly code: string;
  readonly orderId: number;
  readonly repeated: boolean;
}

interface Found {
  readonly order: { readonly orderId: number; readonly status: number; readonly filled: number };
  readonly fills: readonly { readonly quantity: number }[];
}

const { folder, remove } = temporaryFolder();
const terminal = new Terminal(folder, { PALISADE_FLOW_ORDERS_PER_SECOND: "60" });
const everStarted: { pid: number; identity: string }[] = [];

afterAll(() => {
  for (const each of everStarted.filter(isSame)) process.kill(each.pid, "SIGKILL");
  remove();
});

const leadersNow = () => terminal.json<Record<string, Leader>>("leaders");

/** An order by its id until the exchange takes it: the id makes sure that there is one. */
function placed(id: string, ...words: string[]): Promise<Result> {
  return eventually(`order ${id} to be accepted`, async () => {
    const { code, stdout } = await terminal.run("order", ACCOUNT, ...words, "--id", id, "--json");
    return code === 0 ? (JSON.parse(stdout) as Result) : undefined;
  });
}

function filled(id: string): Promise<Found> {
  return eventually(`order ${id} to be filled`, async () => {
    const found = await terminal.json<Found>("get", ACCOUNT, id);
    return found.fills.length > 0 ? found : undefined;
  });
}

/** A node that is started by itself joins the others, as its settings say, and goes again. */
async function expectAnotherNode(): Promise<void> {
  const { nats, etcd, postgres } = terminal.runFile().urls;
  const urls = {
    PALISADE_NATS_URL: nats,
    PALISADE_ETCD_URL: etcd,
    PALISADE_POSTGRES_URL: postgres,
  };
  const settings = {
    PALISADE_NODE: "node-4",
    PALISADE_WEIGHT: "2",
    PALISADE_PEER_HOST: "localhost",
  };
  const env = { ...process.env, ...urls, ...settings };
  const node = spawn(process.execPath, [NODE_PROGRAM], { env, stdio: "ignore" });
  const ended = once(node, "exit");
  try {
    const seen = await eventually("node-4 to be there", async () => {
      const { nodes } = await terminal.json<ClusterSaid>("cluster");
      return nodes.find((each) => each.node === "node-4");
    });
    expect(seen).toMatchObject({ alive: true, weight: 2 });
    node.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  } finally {
    node.kill("SIGKILL");
  }
}

/** What alerts count is shown from the start, by every process that may count it. */
async function expectCountersFromTheStart(): Promise<void> {
  const actor = "market.2330%2ETW";
  const ofKind = {
    node: [
      'exchange_refused_words_total{what="mark"}',
      'exchange_takeovers_total{reason="its leader is silent"}',
      `exchange_fenced_commits_total{actor="${actor}"}`,
      `exchange_malformed_frames_total{actor="${actor}"}`,
      `exchange_diverged_standbys_total{actor="${actor}"}`,
    ],
    gateway: [
      'exchange_gateway_refused_total{code="OVERLOADED"}',
      'exchange_gateway_refused_total{code="MARKET_BEHIND"}',
      "exchange_gateway_unknown_total",
    ],
  };
  for (const [wanted, series] of Object.entries(ofKind)) {
    const those = terminal.runFile().processes.filter(({ kind }) => kind === wanted);
    expect(those).not.toEqual([]);
    for (const { http } of those) {
      const response = await fetch(`http://127.0.0.1:${http}/metrics`);
      const told = (await response.text()).split("\n").map((line) => line.replace(/ \S+$/, ""));
      for (const each of series) expect(told).toContain(each);
    }
  }
}

describe("start", () => {
  it("trades through a kill, stops without a trace, and goes on with the same data", async () => {
    const first = await terminal.start();
    everStarted.push(...terminal.alive());
    expect(terminal.alive()).toHaveLength(8);
    await expectCountersFromTheStart();

    const second = await terminal.run("start");
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("DATA_DIR_IN_USE");
    expect(second.stderr).not.toContain("starting");

    await terminal.json("open", ACCOUNT);
    await terminal.json("deposit", ACCOUNT, "TWD", "10000000", "--key", "first");
    expect(await terminal.json("deposit", ACCOUNT, "TWD", "10000000", "--key", "first")).toEqual({
      repeated: true,
      idempotencyKey: "first",
    });
    await placed("before", "buy", "1000", SYMBOL, "--ioc", "620");
    expect((await filled("before")).order.filled).toBe(1_000);

    const before = (await leadersNow())[`market.${SYMBOL}`]!;
    await terminal.json("kill", before.node);
    await placed("after", "buy", "1000", SYMBOL, "620");
    expect((await filled("after")).order.filled).toBe(1_000);
    const after = (await leadersNow())[`market.${SYMBOL}`]!;
    expect(after.node).not.toBe(before.node);
    expect(after.token).toBeGreaterThan(before.token);
    const again = await placed("after", "buy", "1000", SYMBOL, "620");
    expect(again.repeated).toBe(true);

    await eventually("the killed node to run again", async () => {
      const { processes } = terminal.runFile();
      return processes.every(isSame) ? true : undefined;
    });
    const watched = await terminal.run("watch", SYMBOL, "--count", "3", "--json");
    const messages = watched.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(messages.length).toBeGreaterThanOrEqual(3);
    expect(messages.some((each) => each.type === "depth" && each.snapshot)).toBe(true);
    expect(await terminal.json("audit")).toMatchObject({ ok: true, journalGaps: 0 });

    const alive = terminal.alive();
    everStarted.push(...alive);
    expect(await terminal.json("stop")).toMatchObject({ pid: first.child.pid });
    expect(alive.filter(isSame)).toEqual([]);
    expect(await first.ended).toMatchObject({ code: 0, stdout: "" });
    expect(await terminal.refused("stop")).toContain("EXCHANGE_NOT_RUNNING");

    const third = await terminal.start();
    everStarted.push(...terminal.alive());
    const kept = await terminal.json<Found>("get", ACCOUNT, "after");
    expect(kept.order.orderId).toBe(again.orderId);
    await placed("later", "sell", "1000", SYMBOL, "540", "--ioc");
    expect((await filled("later")).order.filled).toBe(1_000);
    await expectAnotherNode();
    third.child.kill("SIGTERM");
    expect((await third.ended).code).toBe(0);
  });

  it("leaves nothing behind when it is killed itself, and is judged after", async () => {
    const running = await terminal.start();
    const { processes } = terminal.runFile();
    everStarted.push(...terminal.alive());
    running.child.kill("SIGKILL");
    await eventually("every process of the exchange to end", async () =>
      processes.some(isSame) ? undefined : true,
    );

    const { code, stdout } = await terminal.run("start", "--for", "5s", "--json");
    const report = JSON.parse(stdout);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(report).toMatchObject({ lost: 0, duplicated: 0, conserved: true });
    expect(report.orders).toBeGreaterThan(0);
    expect(report.fills).toBeGreaterThan(0);
    expect(Object.keys(report.leaders)).toContain(`market.${SYMBOL}`);
    expect(code).toBe(0);
    expect(await terminal.json("audit")).toMatchObject({ ok: true });
  });

  it("says what is wrong with what it is told", async () => {
    const badDuration = await terminal.run("start", "--for", "soon");
    expect(badDuration).toMatchObject({ code: 1, stdout: "" });
    expect(badDuration.stderr).toContain("NOT_A_DURATION");
    const unknown = await terminal.run("ordr", "--help");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/unknown command 'ordr'.*Did you mean order\?/s);
    expect(unknown.stderr).not.toContain("Usage:");
    const noExchange = await terminal.run("leaders");
    expect(noExchange.code).toBe(1);
    expect(noExchange.stderr).toMatch(/EXCHANGE_NOT_RUNNING: .*npm start -- --data-dir \S+/);
    const mistyped = new Terminal(folder, { PALISADE_NODE_COUNT: "3" });
    const refused = await mistyped.run("start");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/PALISADE_NODE_COUNT is not a setting/);
    const shown = await terminal.run("start", "--print-config");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/PALISADE_FLOW_ORDERS_PER_SECOND=60 +\(env\)/);
    expect(shown.stdout).toMatch(/PALISADE_DATA_DIR=\S+ +\(flag\)/);
    expect(shown.stdout).toMatch(/PALISADE_LEASE_TTL_SECONDS=3 +\(default\)/);
  });
});
