/** A person at the command line who tries everything about money: what is said of what was asked twice, of keys, and of what is held. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/servers.js";
import { eventually, isSame, Terminal } from "./start-cli.js";

const { folder, remove } = temporaryFolder();
const terminal = new Terminal(folder, { PALISADE_FLOW_ORDERS_PER_SECOND: "20" });
const everStarted: { pid: number; identity: string }[] = [];
let start: (typeof everStarted)[number] | undefined;

beforeAll(async () => {
  await terminal.start();
  const { pid, identity } = terminal.runFile();
  start = { pid, identity };
  everStarted.push(start, ...terminal.alive());
});

afterAll(async () => {
  if (start && isSame(start)) {
    // Those that were started again meanwhile, too.
    everStarted.push(...terminal.alive());
    process.kill(start.pid, "SIGINT");
  }
  await eventually("everything to stop", async () => !everStarted.some(isSame) || undefined).catch(
    () => {
      for (const each of everStarted.filter(isSame)) process.kill(each.pid, "SIGKILL");
    },
  );
  remove();
});

async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await terminal.run(...args);
  expect([code, stderr], args.join(" ")).toEqual([0, ""]);
  return stdout;
}

/** An account that has money. */
async function funded(account: string): Promise<void> {
  await terminal.json("open", account);
  await terminal.json("deposit", account, "USD", "10000", "--key", "first");
}

describe("orders that were sent before, or that wait for an operator", () => {
  it("says what the order of a used id is, and that nothing new was placed", async () => {
    await funded("11");
    await said("order", "11", "buy", "5", "MSFT", "350.00", "--id", "one");
    const other = ["order", "11", "sell", "7", "AAPL", "--id", "one"];
    expect((await said(...other)).split("\n")).toEqual([
      "was accepted before as one; npx palisade get 11 one says what becomes of it",
      expect.stringMatching(
        /^nothing new was placed; the order of this id is: [A-Z_]+ BUY 5 MSFT at 350\.00: filled \d, open \d/,
      ),
      "",
    ]);
    const order = { symbol: "MSFT", quantity: 5 };
    expect(await terminal.json(...other)).toMatchObject({ repeated: true, order });
    const dear = ["order", "11", "buy", "1000", "MSFT", "--id", "dear"];
    expect((await terminal.run(...dear, "350.00")).stdout).not.toContain("nothing new");
    const again = await terminal.run(...dear, "351.00");
    expect(again.code).toBe(1);
    expect(again.stdout).toMatch(
      /^INSUFFICIENT_FUNDS: .*\nnothing new was placed; .*: REJECTED BUY 1000 MSFT at 350\.00/,
    );
  });

  it("says that an order is held for review, and that its cancel is done at once", async () => {
    await funded("12");
    expect(await said("review-limit", "12")).toBe("no new order is held for review\n");
    await said("review-limit", "12", "USD", "100");
    const above = "orders worth more than 100.000000 USD are held for review\n";
    expect(await said("review-limit", "12")).toBe(above);
    expect(await said("review-limit", "12", "USD")).toBe(above);
    expect(await said("review-limit", "12", "TWD")).toBe(
      "no new order in TWD is held for review\n",
    );
    const order = ["order", "12", "buy", "1", "MSFT", "350.00", "--id"];
    expect(await said(...order, "held")).toContain("accepted, and held for review, as held;");
    expect(await said("cancel", "12", "held")).toBe("cancelled\n");
    const lifted = "no new order in USD is held for review\n";
    expect(await said("review-limit", "12", "USD", "0")).toBe(lifted);
    expect(await said(...order, "free")).toContain("accepted as free;");
    expect((await terminal.run("cancel", "12", "unknown")).stdout).toContain("UNKNOWN_ORDER");
  });
});

describe("accounts", () => {
  it("says that one was open before, and which state is in force for sub-accounts", async () => {
    expect(await said("open", "15")).toMatch(/^account 15 on ledger shard \d\n$/);
    expect(await said("open", "15")).toMatch(/^account 15 on ledger shard \d, was open before\n$/);
    const opened = await terminal.json<{ account: number }>("open", "--parent", "15");
    expect(opened).toMatchObject({ repeated: false, state: "active" });
    const sub = String(opened.account);
    expect(await said("sub-accounts", "15")).toMatch(new RegExp(`^${sub} +active$`, "m"));
    await said("account", "15", "frozen");
    expect(await said("open", "15")).toMatch(/was open before and is frozen$/m);
    expect(await said("sub-accounts", "15")).toMatch(
      new RegExp(`^${sub} +frozen \\(parent\\)$`, "m"),
    );
    const both = { account: opened.account, state: "frozen", own: "active" };
    expect(await terminal.json("sub-accounts", "15")).toEqual([both]);
    expect(await terminal.json("account", sub)).toEqual(both);
    expect(await said("account", sub)).toBe("frozen (parent)\n");
    expect(await said("balances", sub)).toMatch(/^the account is frozen \(parent\)$/m);
    const again = ["open", sub, "--parent", "15"];
    expect(await said(...again)).toMatch(/, was open before and is frozen \(parent\)$/m);
    expect(await terminal.json(...again)).toMatchObject({ repeated: true, ...both });
    await said("account", sub, "frozen");
    expect(await said("sub-accounts", "15")).toMatch(new RegExp(`^${sub} +frozen$`, "m"));
    const asked = ["account", sub, "active"];
    expect(await said(...asked)).toBe("active\n");
  });
});

describe("a statement", () => {
  it("begins and ends with what there is of each asset, also of those that did not move", async () => {
    await funded("16");
    await terminal.json("deposit", "16", "MSFT", "7", "--key", "shares");
    const [, ...whole] = (await said("statement", "16")).trim().split("\n");
    expect(whole.map((line) => line.split(",").slice(2).join(","))).toEqual([
      "deposit,first,USD,10000.000000,10000.000000",
      "deposit,shares,MSFT,7,7",
      "closing,,USD,,10000.000000",
      "closing,,MSFT,,7",
    ]);
    const [time] = whole[1]!.split(",");
    expect((await said("statement", "16", "--from", time!)).split("\n").slice(1)).toEqual([
      `${time},,opening,,USD,,10000.000000`,
      whole[1],
      ...whole.slice(2),
      "",
    ]);
  });
});

describe("warnings", () => {
  it("are those of one account or kind if one is named, from a time that is over on", async () => {
    expect(await said("warnings", "--account", "17", "--kind", "self-trade")).toBe("");
    expect(await terminal.refused("warnings", "--kind", "bad")).toContain(
      'UNKNOWN_WARNING_KIND: the kind is "bad"; it is cancel-rate, self-trade, order-to-trade or order-spike',
    );
    expect(await terminal.refused("warnings", "--since", "+10m")).toContain(
      "10m or 1d (so long ago)",
    );
    expect(await terminal.refused("warnings", "--since", "2099-01-01")).toContain(
      "BEGINNING_IN_THE_FUTURE",
    );
  });
});

describe("keys", () => {
  it("are said in each answer, also those that nobody chose, and a decided withdrawal is called so", async () => {
    await funded("13");
    expect(await said("deposit", "13", "USD", "5", "--key", "mine")).toBe("deposited: mine\n");
    const [, key] = /^deposited: (cli-\S+)\n$/.exec(await said("deposit", "13", "USD", "5"))!;
    const again = ["deposit", "13", "USD", "5", "--key", key!];
    expect(await said(...again)).toBe(`was deposited before: ${key}\n`);
    expect(await terminal.json(...again)).toEqual({ repeated: true, idempotencyKey: key });
    const out = ["withdraw", "13", "USD", "7", "--key", "out"];
    expect(await said(...out)).toBe("asked for, and held: out\n");
    expect(await said(...out)).toBe(
      "was asked for before, and is held until an operator has decided: out\n",
    );
    await said("withdrawal", "13", "out", "refuse");
    expect(await said(...out)).toBe("was asked for before and was refused: out\n");
    expect(await terminal.json(...out)).toEqual({
      repeated: true,
      idempotencyKey: "out",
      status: "refused",
    });
  });

  it("are said, too, when there is no answer", async () => {
    const { processes } = terminal.runFile();
    const nodes = processes.filter(({ name }) => name.startsWith("node-"));
    for (const { pid } of nodes) process.kill(pid, "SIGSTOP");
    try {
      for (const words of ["deposit 13 USD 5", "withdraw 13 USD 5", "transfer 13 11 USD 5"]) {
        expect(await terminal.refused(...words.split(" "))).toMatch(
          /(it may have been|nothing was) done; .*try again with --key cli-\S+$/m,
        );
      }
    } finally {
      for (const { pid } of nodes) process.kill(pid, "SIGCONT");
    }
  });
});
