/** An operator at work: nodes closed and emptied, actors moved, and accounts, several at once, while trading goes on. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/servers.js";
import type { BookSaid, ClusterSaid, NodeSaid } from "./said.js";
import { eventually, stopAll, Terminal } from "./start-cli.js";

const ACTOR = "ledger.1";
const SYMBOL = "2330.TW";
const MARKET = "market.2330%2ETW";

const { folder, remove } = temporaryFolder();
const terminal = new Terminal(folder, { PALISADE_FLOW_ORDERS_PER_SECOND: "40" });
const everStarted: { pid: number; identity: string }[] = [];

beforeAll(async () => {
  await terminal.start();
  everStarted.push(...terminal.alive(), {
    pid: terminal.runFile().pid,
    identity: terminal.runFile().identity,
  });
  await eventually("every actor to have a leader", async () => {
    const { actors } = await clusterNow();
    return actors.every(({ node }) => node !== null) || undefined;
  });
});

afterAll(async () => {
  await stopAll(everStarted);
  remove();
});

const refused = (...args: string[]) => terminal.refused(...args);
const clusterNow = () => terminal.json<ClusterSaid>("cluster");

async function nodeNow(name: string): Promise<NodeSaid> {
  return (await clusterNow()).nodes.find(({ node }) => node === name)!;
}

describe("an operator", () => {
  it("sees who is alive and who leads what", async () => {
    const { nodes, actors, moves, withoutStandby } = await clusterNow();
    expect(nodes.map(({ node }) => node)).toEqual(["node-1", "node-2", "node-3"]);
    for (const each of nodes) {
      expect(each).toMatchObject({ alive: true, weight: 1, cordoned: false, drained: false });
    }
    expect(nodes.flatMap(({ leads }) => leads).toSorted()).toEqual(
      actors.map(({ actor }) => actor).toSorted(),
    );
    expect({ moves, withoutStandby }).toEqual({ moves: {}, withoutStandby: [] });
    const { stdout } = await terminal.run("cluster");
    expect(stdout).toMatch(/^node-2 +alive +1 +its share( in \d+ s)? +\d+$/m);
  });

  it("moves actors by their names and by their symbols, and takes that back", async () => {
    for (const to of ["node-1", "node-2", "node-3"]) {
      const moved = await terminal.json<{ node: string }>("move", ACTOR, to);
      expect(moved).toMatchObject({ actor: ACTOR, node: to });
      expect((await nodeNow(to)).leads).toContain(ACTOR);
    }
    for (const [word, to] of [
      [SYMBOL, "node-1"],
      [MARKET, "node-2"],
      [`market.${SYMBOL}`, "node-3"],
    ] as const) {
      expect(await terminal.json("move", word, to)).toMatchObject({ actor: MARKET, node: to });
    }
    expect((await clusterNow()).moves).toEqual({ [ACTOR]: "node-3", [MARKET]: "node-3" });
    await terminal.json("unmove", ACTOR);
    await terminal.json("unmove", SYMBOL);
    expect((await clusterNow()).moves).toEqual({});
  });

  it("empties a node, also of what was moved there, and fills it again", async () => {
    await terminal.json("move", ACTOR, "node-2");
    const { stderr } = await terminal.run("drain", "node-2");
    expect(stderr).toContain(`${ACTOR} is no longer wished to node-2`);
    expect(stderr).toMatch(/node-2 leads \d+ actor/);
    expect(await nodeNow("node-2")).toMatchObject({ drained: true, leads: [] });
    expect(await refused("move", ACTOR, "node-2")).toContain("NODE_TAKES_NOTHING");
    await terminal.json("cordon", "node-1");
    expect(await nodeNow("node-1")).toMatchObject({ cordoned: true });
    expect(await refused("drain", "node-3")).toContain("NO_NODE_LEFT");
    expect(await nodeNow("node-3")).toMatchObject({ drained: false });
    await terminal.json("uncordon", "node-1");
    await terminal.json("undrain", "node-2");
    for (const name of ["node-1", "node-2"]) {
      expect(await nodeNow(name)).toMatchObject({ cordoned: false, drained: false });
    }
    await eventually("node-2 to take its share again", async () => {
      const { leads } = await nodeNow("node-2");
      return leads.length > 0 || undefined;
    });
  });

  it("switches a standby off and on", async () => {
    await terminal.json("standby", SYMBOL, "off");
    expect((await clusterNow()).withoutStandby).toEqual([MARKET]);
    await terminal.json("standby", SYMBOL, "on");
    expect((await clusterNow()).withoutStandby).toEqual([]);
    expect(await refused("standby", SYMBOL, "maybe")).toContain("NOT_ON_OR_OFF");
  });

  it.concurrent("places, amends and cancels orders of all kinds", async () => {
    await terminal.json("open", "1");
    await terminal.json("deposit", "1", "USD", "1000000");
    await terminal.json("deposit", "1", "MSFT", "1000");
    const order = ["order", "1", "sell", "20", "MSFT", "460.00", "--id", "iceberg"];
    const terms = ["--display", "5", "--tif", "day", "--stp", "oldest", "--post-only"];
    expect(await terminal.json(...order, ...terms)).toMatchObject({ code: "OK" });
    const stop = ["order", "1", "buy", "5", "MSFT", "--stop", "470", "--expires", "+1h"];
    expect(await terminal.json(...stop, "--id", "stop")).toMatchObject({ code: "OK" });
    const amend = ["amend", "1", "iceberg", "--price", "461.00", "--quantity", "30"];
    expect(await terminal.json(...amend)).toMatchObject({ code: "OK" });
    const shown = await eventually("the amend to be done", async () => {
      const { stdout } = await terminal.run("get", "1", "iceberg");
      return stdout.includes("461.00") ? stdout : undefined;
    });
    expect(shown).toContain(
      "NEW SELL 30 MSFT at 461.00, day, showing 5, post-only: filled 0, open 30",
    );
    expect((await terminal.run("get", "1", "stop")).stdout).toMatch(
      /SUSPENDED BUY 5 MSFT at the market from 470\.00 on, held at 564\.00, until 20.*Z: filled 0, open 5/,
    );
    expect(await terminal.json("cancel-all", "1", "--side", "buy")).toMatchObject({ orders: 1 });
    expect(await terminal.json("cancel-all", "1")).toMatchObject({ orders: 1 });
    expect(await refused(...order, "--tif", "week")).toContain(
      'INVALID_TIME_IN_FORCE: the time in force is "week"; it is gtc, ioc, fok, day, gtd, open or close',
    );
    expect(await refused(...order, "--type", "iceberg")).toContain("INVALID_ORDER_TYPE");
    expect(await refused(...order, "--expires", "soon")).toContain("NOT_A_TIME");
    expect(await refused("amend", "1", "iceberg")).toContain("AMEND_OF_NOTHING");
    expect(await refused("cancel-all", "1", "--symbol", "MSF")).toContain("UNKNOWN_SYMBOL");
  });

  it.concurrent("places orders that follow the price, that reprice, and that want so much at once", async () => {
    await terminal.json("open", "4");
    await terminal.json("deposit", "4", "USD", "1000000");
    await terminal.json("deposit", "4", "MSFT", "1000");
    const order = (id: string, ...words: string[]) =>
      terminal.json("order", "4", ...words, "--id", id);
    const trail = ["sell", "5", "MSFT", "--stop", "300.00", "--trail", "25.00"];
    expect(await order("trail", ...trail)).toMatchObject({ code: "OK" });
    expect(await order("reprice", "buy", "5", "MSFT", "470.00", "--reprice")).toMatchObject({
      code: "OK",
    });
    const least = ["buy", "500", "MSFT", "430.00", "--min-quantity", "500"];
    expect(await order("least", ...least)).toMatchObject({ code: "OK" });
    const get = async (id: string) => (await terminal.run("get", "4", id)).stdout;
    await eventually("all to be done", async () => {
      const [one, other] = [await get("reprice"), await get("least")];
      return (!one.includes("470.00") && other.includes("MIN_QUANTITY")) || undefined;
    });
    expect(await get("trail")).toMatch(
      /from 300\.00 \(at first\) on, held at .*, following the last trade by 25\.00/,
    );
    expect(await get("reprice")).toMatch(/FILLED|NEW BUY 5 MSFT at .*post-only, repricing/);
    expect(await get("least")).toContain("at least 500 at once");
    await terminal.json("cancel-all", "4");
  });

  it.concurrent("decides on withdrawals, and on what accounts may do", async () => {
    await terminal.json("open", "5");
    await terminal.json("deposit", "5", "USD", "1000");
    const withdraw = ["withdraw", "5", "USD", "400.50", "--key", "out"];
    for (const said of ["asked for, and held", "was asked for before, and is held"]) {
      expect((await terminal.run(...withdraw)).stdout).toMatch(new RegExp(`^${said}.*: out\n$`));
    }
    expect((await terminal.run("balances", "5")).stdout).toMatch(/USD\s+1000.*400.5.*599.5/);
    expect((await terminal.run("withdrawals")).stdout).toMatch(
      /5\s+out\s+USD\s+400.5\d*\s+requested/,
    );
    expect(await refused("withdraw", "5", "USD", "600")).toContain("INSUFFICIENT_FUNDS");
    expect(await refused("withdrawal", "5", "out", "settle")).toContain("WITHDRAWAL_NOT_APPROVED");
    expect(await refused("withdrawal", "5", "out", "keep")).toContain("INVALID_DECISION");
    for (const word of ["approve", "settle"]) {
      const decide = ["withdrawal", "5", "out", word];
      expect((await terminal.run(...decide)).stdout).toMatch(/^(approved|settled)\n$/);
      expect((await terminal.run(...decide)).stdout).toMatch(/^was (approved|settled) before\n$/);
    }
    expect(await refused("withdrawal", "5", "out", "refuse")).toContain("WITHDRAWAL_FINAL");
    expect((await terminal.run("withdrawals", "5")).stdout).toMatch(/out +USD +400.5\d* +settled/);
    const statement = await terminal.run("statement", "5");
    expect(statement.stderr).toBe("");
    expect(statement.stdout.trim().split("\n")).toEqual([
      "time,sequence,kind,reference,asset,change,balance",
      expect.stringMatching(/,2,deposit,cli-[^,]+,USD,1000\.0+,1000\.0+$/),
      expect.stringMatching(/,5,withdrawal,out,USD,-400\.50+,599\.50+$/),
      expect.stringMatching(/^,,closing,,USD,,599\.50+$/),
    ]);
    const before = ["statement", "5", "--to", "2020-01-01T00:00:00Z"];
    expect(await terminal.json(...before)).toMatchObject({ account: 5, lines: [], closing: {} });
    expect(await refused("statement", "77")).toContain("UNKNOWN_ACCOUNT");
    expect(await refused(...before, "--from", "2021-01-01")).toContain("PERIOD_WITHOUT_TIME");
    expect((await terminal.run("account", "5", "frozen")).stdout).toBe("frozen\n");
    expect((await terminal.run("balances", "5")).stdout).toContain("the account is frozen");
    expect(await refused("withdraw", "5", "USD", "1")).toContain("ACCOUNT_FROZEN");
    const order = await terminal.run("order", "5", "buy", "1", "MSFT", "100.00");
    expect([order.code, order.stdout]).toEqual([1, expect.stringContaining("ACCOUNT_FROZEN")]);
    expect((await terminal.run("account", "5")).stdout).toBe("frozen\n");
    expect(await refused("account", "5", "closed")).toContain("ACCOUNT_NOT_EMPTY");
    expect(await refused("account", "5", "asleep")).toContain("INVALID_ACCOUNT_STATE");
    expect((await terminal.run("account", "5", "active")).stdout).toBe("active\n");
    expect(await terminal.json("audit")).toMatchObject({ ok: true });
  });

  it.concurrent("sends money to accounts of any shard, and gets back what nobody can be given", async () => {
    for (const account of ["6", "7", "8"]) await terminal.json("open", account);
    await terminal.json("deposit", "6", "USD", "100");
    const send = (to: string, key: string) => ["transfer", "6", to, "USD", "10.50", "--key", key];
    for (const to of ["7", "8"]) {
      expect((await terminal.run(...send(to, `to-${to}`))).stdout).toContain(`sent: to-${to};`);
    }
    expect((await terminal.run(...send("7", "to-7"))).stdout).toContain("was sent before: to-7;");
    expect(await refused(...send("8", "to-7"))).toContain("TRANSFER_KEY_REUSED");
    expect(await refused(...send("6", "own"))).toContain("TRANSFER_TO_ITSELF");
    for (let to = 901; to <= 908; to++) await terminal.run(...send(`${to}`, `to-${to}`));
    const listed = await eventually("what nobody can be given to come back", async () => {
      const { stdout } = await terminal.run("transfers", "6");
      return /\ssent\s/.test(stdout) ? undefined : stdout;
    });
    expect(listed).toMatch(/6\s+8\s+10.5\d*\s+USD\s+to-8\s+settled/);
    expect(listed).toMatch(/USD\s+to-90\d\s+returned\s+UNKNOWN_RECIPIENT/);
    expect((await terminal.run("balances", "6")).stdout).toMatch(/USD\s+79.00/);
    expect((await terminal.run("statement", "8")).stdout).toMatch(/received,6 to-8,USD,10.50/);
    expect(await terminal.json("audit")).toMatchObject({ ok: true });
  });

  it.concurrent("places a pair, of which one order cancels the other", async () => {
    await terminal.json("open", "3");
    await terminal.json("deposit", "3", "USD", "1000000");
    // Far from where this market trades.
    const prices = ["--limit", "350.00", "--stop", "470.00"];
    const pair = ["pair", "3", "buy", "10", "MSFT", ...prices, "--stop-limit", "472.00"];
    const first = await terminal.json<{ orderId: number; pairOrderId: number }>(
      ...pair,
      "--id",
      "oco",
    );
    expect(first).toMatchObject({ code: "OK", repeated: false, leg: 0 });
    const again = await terminal.json(...pair, "--id", "oco");
    expect(again).toMatchObject({
      ...first,
      sequence: 0,
      repeated: true,
      token: expect.anything(),
    });
    const { stdout } = await terminal.run(...pair, "--id", "oco");
    expect(stdout).toBe("was accepted before as oco-limit and oco-stop\n");
    const [held] = await eventually("the stop to wait", async () => {
      const { stdout: shown } = await terminal.run("get", "3", "oco-stop");
      const isThere = shown.startsWith("SUSPENDED BUY 10 MSFT at 472.00 from 470.00 on, one of");
      const { balances } = await terminal.json<{
        balances: { asset: { name: string }; held: number }[];
      }>("balances", "3");
      return isThere ? balances.filter(({ asset }) => asset.name === "USD") : undefined;
    });
    // The larger of the two, in millionths.
    expect(held).toMatchObject({ held: 4_720_000_000 });
    await terminal.json("cancel", "3", "oco-limit");
    await eventually("the pair to end", async () => {
      const { stdout: shown } = await terminal.run("get", "3", "oco-stop");
      return shown.includes("(PAIR_DONE)") || undefined;
    });
    const dear = ["pair", "3", "buy", "10000000", "MSFT", ...prices, "--id", "dear"];
    const poor = await terminal.run(...dear);
    expect(poor.code).toBe(1);
    expect(poor.stdout).toContain("INSUFFICIENT_FUNDS: the pair: ");
    const used = await terminal.run("order", "3", "buy", "1", "MSFT", "350.00", "--id", "one-stop");
    expect(used.code).toBe(0);
    const mixed = await terminal.run("pair", "3", "buy", "1", "MSFT", ...prices, "--id", "one");
    expect(mixed.code).toBe(1);
    expect(mixed.stdout).toContain("CLIENT_ORDER_ID_USED: the stop: ");
    const half = await terminal.run("pair", "3", "buy", "1", "MSFT", "--limit", "350.00");
    expect(half).toMatchObject({ code: 2, stdout: "" });
    expect(half.stderr).toContain("--stop");
    expect(await refused(...pair, "--id", "x".repeat(31))).toContain("1 to 30 characters");
    await terminal.json("cancel-all", "3");
  });

  it("looks after a market", async () => {
    const rules = ["market", "MSFT", "rules", "--band", "10%", "--halts", "5s,1m"];
    expect(await terminal.json(...rules)).toMatchObject({
      rules: { staticBandBps: 1_000, dynamicBandBps: 0, breakerHaltSeconds: [5, 60] },
    });
    const auction = ["market", "MSFT", "phase", "volatility-auction", "--for", "2s"];
    expect(await terminal.json(...auction)).toMatchObject({ phase: 4 });
    await eventually("the auction to end", async () => {
      const { stdout } = await terminal.run("market", "MSFT");
      return /^MSFT +continuous$/m.test(stdout) || undefined;
    });
    const file = join(folder, "schedule");
    writeFileSync(file, "+1h closing-auction\n+2h closed # and good night\n");
    const schedule = ["market", "MSFT", "schedule", file];
    const scheduled = await terminal.json<{ schedule: { phase: number }[] }>(...schedule);
    expect(scheduled.schedule.map(({ phase }) => phase)).toEqual([5, 9]);
    await terminal.json("market", "MSFT", "cancel", "--account", "1", "--side", "sell");
    expect(await refused("market", "MSFT", "phase", "lunch")).toMatch(
      /UNKNOWN_PHASE: the phase is "lunch"; it is continuous, pre-open, .* or closed/,
    );
    expect(await refused("market", "MSFT", "phase")).toContain("needs the phase");
    expect(await refused("market", "MSFT", "phase", "continuous")).toContain("continuous already");
    expect(await refused("market", "MSFT", "rules", "--for", "2s")).toContain("not --for");
    expect(await refused("market", "MSFT", "rules", "--band", "120%")).toContain("0.01% to 100%");
    writeFileSync(file, "2020-01-01T00:00:00Z closed\n");
    expect(await refused("market", "MSFT", "schedule", file)).toContain("not in the future");
  });

  it("sees a book as it is stored, and as it was after any batch", async () => {
    const now = await terminal.json<BookSaid>("book", SYMBOL);
    expect(now).toMatchObject({ symbol: SYMBOL, phase: "continuous", isAsCommitted: true });
    expect(now.bids.length + now.asks.length).toBeGreaterThan(0);
    expect(now.hash).toBe(now.committedHash);
    const again = await terminal.json<BookSaid>("book", SYMBOL, "--at", String(now.batch));
    expect(again).toEqual(now);
    expect(await terminal.json("book", SYMBOL, "--at", "1")).toMatchObject({
      batch: 1,
      bids: [],
      isAsCommitted: true,
    });
    const { stdout } = await terminal.run("book", SYMBOL, "--at", "5");
    expect(stdout).toMatch(/^2330\.TW after batch 5 .*by replaying the batch log: continuous$/m);
    expect(stdout).toContain("the state's hash is the one that the batch was committed with");
    expect(await refused("book", "2330.T")).toContain(
      `UNKNOWN_SYMBOL: there is no 2330.T; did you mean ${SYMBOL}?`,
    );
    expect(await refused("book", "SOMETHING")).toContain(
      "UNKNOWN_SYMBOL: there is no SOMETHING; npx palisade leaders lists all",
    );
    expect(await refused("book", SYMBOL, "--at", "99999999")).toMatch(
      /BATCH_IN_THE_FUTURE: 2330\.TW is at batch \d+; there is no batch 99999999 yet/,
    );
    expect(await refused("book", SYMBOL, "--at", "soon")).toContain("NOT_A_NUMBER");
    const changeHash = (by: string) =>
      terminal.sql(`UPDATE batch_log l SET hash = l.hash ${by} FROM actors a
        WHERE a.actor = l.actor AND a.name = '${MARKET}' AND l.batch = 5`);
    await changeHash("+ 1");
    const other = await terminal.run("book", SYMBOL, "--at", "5");
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/THE STATE'S HASH IS \d+, and the batch was committed with \d+/);
    await changeHash("- 1");
    const aside = `UPDATE batch_log l SET actor = -l.actor FROM actors a
      WHERE a.actor = abs(l.actor) AND a.name = '${MARKET}' AND l.batch < 3`;
    await terminal.sql(aside);
    expect(await refused("book", SYMBOL, "--at", "5")).toMatch(/BATCH_LOG_TRIMMED: .*batch 1/);
    await terminal.sql(aside);
  });

  it("is told what is wrong", async () => {
    for (const command of ["cordon", "uncordon", "drain", "undrain"]) {
      expect(await refused(command, "node-9")).toMatch(
        /UNKNOWN_NODE: there is no node "node-9"; alive are: node-1, node-2, node-3/,
      );
    }
    expect(await refused("move", ACTOR, "node-9")).toContain("UNKNOWN_NODE");
    expect(await refused("move", "2330.T", "node-1")).toMatch(/UNKNOWN_ACTOR: .*2330\.TW/);
    expect(await refused("unmove", "nobody.knows")).toContain("npx palisade leaders");
    expect(await refused("standby", "ledgr.1", "off")).toMatch(/did you mean ledger\.1/);
    const dead = terminal.runFile().processes.find(({ name }) => name === "node-3")!;
    process.kill(dead.pid, "SIGSTOP");
    try {
      await eventually("the frozen node's lease to run out", async () =>
        (await nodeNow("node-3")).alive ? undefined : true,
      );
      expect(await refused("move", ACTOR, "node-3")).toMatch(
        /NODE_NOT_ALIVE: node-3 is not alive; alive are: node-1, node-2/,
      );
    } finally {
      process.kill(dead.pid, "SIGCONT");
    }
    expect((await clusterNow()).moves).toEqual({});
    await eventually("the node to be back", async () =>
      (await nodeNow("node-3")).alive ? true : undefined,
    );
    expect(await terminal.json("audit")).toMatchObject({ ok: true });
  });

  it("is told that etcd does not answer, and that trading goes on", async () => {
    const { pid } = JSON.parse(readFileSync(join(folder, "etcd", "server.pid"), "utf8")) as {
      pid: number;
    };
    process.kill(pid, "SIGSTOP");
    try {
      for (const words of [["cluster"], ["cordon", "node-1"], ["move", ACTOR, "node-1"]]) {
        expect(await refused(...words)).toMatch(/ETCD_UNAVAILABLE: .*goes on/);
      }
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually("every node and leader to be back", async () => {
      const { nodes, actors } = await clusterNow();
      const areBack = nodes.every(({ alive }) => alive) && actors.every(({ node }) => node);
      return areBack || undefined;
    });
    expect(await nodeNow("node-1")).toMatchObject({ cordoned: false });
  });
});
