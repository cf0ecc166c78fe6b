/** Whatever a client was told has to be what its account's journal has under that number. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { Code } from "../../actors/kernel/codes.js";
import { type AccountEvent, encodeAccountEvent } from "../../actors/ledger/account-events.js";
import { readClientLogs } from "../../chaos/checker/client-logs.js";
import { codeName } from "../../chaos/checker/codes.js";
import type { JournalRow, Source } from "../../chaos/checker/tables.js";
import { compareTold } from "../../chaos/checker/told.js";
import { AccountEvent as PublicEvent, OrderRequest } from "../../proto/gen/exchange/v1/exchange.js";
import type { Catalog } from "../../services/gateway/catalog.js";
import { publicEvent } from "../../services/gateway/convert-events.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { OrderTracker } from "../../services/participants/tracker.js";
import { EVENTS, FILL } from "../helpers/account-events.js";

const ACCOUNT = 7;
const SYMBOLS = new Map([[1025, "X"]]);
const CATALOG = {
  assetById: (asset: number) => ({ asset, name: `A${asset}`, decimals: 0 }),
  instrumentById: (id: number) => ({ symbol: SYMBOLS.get(id) }),
} as unknown as Catalog;

const RESTED = EVENTS.rested[0]!;
const ENDED = EVENTS.ended[0]!;
const JOURNAL = [EVENTS.accepted[0]!, RESTED, FILL, ENDED];
const ALL = Object.values(EVENTS).flat();

const folder = mkdtempSync(join(tmpdir(), "palisade-told-"));
const path = join(folder, "client.jsonl");
afterAll(() => rmSync(folder, { recursive: true }));

let log: ClientLog;
beforeEach(() => (log = new ClientLog(path)));

/** As it comes to a client: through the gateway's words, and over the wire. */
function received(event: AccountEvent, sequence: number): PublicEvent {
  const head = { account: ACCOUNT, sequence, token: 1, time: 1 };
  const sent = PublicEvent.encode(publicEvent(CATALOG, head, event)).finish();
  return PublicEvent.decode(sent);
}

/** Writes the log of a client that was told these, numbered from `first` on. */
function tell(events: readonly AccountEvent[], first = 1): void {
  for (const [at, event] of events.entries()) log.event(received(event, first + at));
}

/** Holds the log, with what somebody has made of its text, against a journal with these events. */
async function judge(journal: readonly AccountEvent[], change = (text: string): string => text) {
  log.close();
  writeFileSync(path, change(readFileSync(path, "utf8")));
  const rows = journal.map((event, at): JournalRow => {
    const writer = new ByteWriter();
    encodeAccountEvent(writer, event);
    return {
      account: ACCOUNT,
      first_sequence: at + 1,
      last_sequence: at + 1,
      events: Buffer.from(writer.take()).toString("hex"),
      assets: null,
      total_changes: null,
      held_changes: null,
    };
  });
  const source = {
    async *pages() {
      yield rows;
    },
  } as unknown as Source;
  const logs = await readClientLogs(folder);
  const { compared, otherwise, beyond, untold } = await compareTold(source, logs, SYMBOLS);
  const { cancels, examples } = logs;
  return { compared, otherwise, lost: beyond, untold, cancels, examples };
}

describe("what a client was told", () => {
  it("is what the journal has, whatever kind of event it is", async () => {
    tell(ALL);
    log.end();
    const found = await judge(ALL);
    expect(found.examples).toEqual([]);
    expect(found).toMatchObject({ compared: ALL.length, otherwise: 0, lost: 0, untold: 0 });
  });

  it.each(ALL.map((event) => [event.kind, event] as const))(
    "is contradicted by any other event in the place of what is %s",
    async (_, event) => {
      const others = ALL.filter((other) => other !== event);
      tell(others);
      const found = await judge(others.map(() => event));
      expect(found).toMatchObject({ compared: others.length, otherwise: others.length });
    },
  );

  it("is contradicted where rested and ended have changed places, and says what is there", async () => {
    tell(JOURNAL);
    const found = await judge(JOURNAL, (text) =>
      text
        .replace('["rested"', '["was"')
        .replace('["ended"', '["rested"')
        .replace('["was"', '["ended"'),
    );
    expect(found).toMatchObject({ compared: 4, otherwise: 2, lost: 0 });
    expect(found.examples).toEqual([
      'account 7 was told ["ended",1025,400,40000] as 2, where its journal has ["rested",1025,400,40000]',
      'account 7 was told ["rested",1025,400,"PAIR_DONE",40000] as 4, ' +
        'where its journal has ["ended",1025,400,"PAIR_DONE",40000]',
    ]);
  });

  it.each([
    ["order", { ...ENDED, orderId: 2_049 }],
    ["quantity", { ...ENDED, leaves: 399 }],
    ["reason", { ...ENDED, code: Code.EXPIRED }],
  ])("is contradicted by the same event of another %s", async (_, other) => {
    tell([...JOURNAL.slice(0, 3), other]);
    expect(await judge(JOURNAL)).toMatchObject({ compared: 4, otherwise: 1 });
  });

  it("is contradicted where it is told twice, and differently: each is compared", async () => {
    tell(JOURNAL);
    tell([ENDED], 2);
    expect(await judge(JOURNAL)).toMatchObject({ compared: 4, otherwise: 1 });
  });

  it("is contradicted, and its kind named, where a newer version tells what nobody here knows", async () => {
    tell(JOURNAL);
    const { otherwise, examples } = await judge(JOURNAL, (text) =>
      text.replace('["rested"', '["parked"'),
    );
    expect(otherwise).toBe(1);
    expect(examples).toEqual([
      'account 7 was told ["parked",1025,400,40000] as 2, where its journal has ["rested",1025,400,40000]; ' +
        "events of kind parked are not known here",
    ]);
  });

  it("is contradicted where it says more than is known of its kind", async () => {
    tell(JOURNAL);
    const more = (text: string) => text.replace("400,40000]", "400,40000,1]");
    expect(await judge(JOURNAL, more)).toMatchObject({ otherwise: 1 });
  });

  it("is compared as far as a log of before has it", async () => {
    tell(JOURNAL);
    const less = (text: string) =>
      text.replace(/\["filled",([^\]]*),1,3,40000,0\]/, '["filled",$1]').replace(",40000]", "]");
    const found = await judge(JOURNAL, less);
    expect(readFileSync(path, "utf8")).toContain('["filled",1025,9,"X",58000,600,400]');
    expect(found).toMatchObject({ compared: 4, otherwise: 0 });
  });

  it("is lost where the journal has nothing under its number, whether or not the log has an end", async () => {
    tell(JOURNAL);
    const found = await judge(JOURNAL.slice(0, 3));
    expect(found).toMatchObject({ compared: 3, otherwise: 0, lost: 1 });
    expect(found.examples).toEqual([
      'account 7 was told ["ended",1025,400,"PAIR_DONE",40000] as 4, which its journal does not have',
    ]);
    log = new ClientLog(path);
    tell(JOURNAL);
    log.end();
    expect(await judge(JOURNAL.slice(0, 2))).toMatchObject({ lost: 2, untold: 0 });
  });

  it("is read by names of codes that are the exchange's own", () => {
    for (const [name, code] of Object.entries(Code)) expect(codeName(code)).toBe(name);
    expect(codeName(9_999)).toBe("the unknown code 9999");
  });
});

describe("a client's log", () => {
  it("has a line of JSON for all that it was told, whatever stands in the texts", () => {
    const order = { account: ACCOUNT, clientOrderId: 'a "b"\\\n', dueMs: 0, isCrossing: true };
    const { account, clientOrderId } = order;
    const at = { sequence: 3, token: 1 };
    log.subscribed([{ account, fromSequence: 3 }]);
    log.submitted(order);
    log.accepted({ account, clientOrderId, orderId: 1025, ...at });
    log.refused(account, clientOrderId, "OVERLOADED");
    log.rejected(account, clientOrderId, "PRICE_OFF_TICK");
    log.answered({ account, orderId: 1025, request: 1, code: "OK", ...at });
    log.event(received(RESTED, 3));
    log.end();
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const moment = expect.any(Number);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { kind: "subscribed", account, fromSequence: 3, at: moment },
      { kind: "submitted", account, clientOrderId, crosses: true, at: moment },
      { kind: "accepted", account, clientOrderId, orderId: 1025, ...at, at: moment },
      { kind: "refused", account, clientOrderId, code: "OVERLOADED", at: moment },
      { kind: "rejected", account, clientOrderId, code: "PRICE_OFF_TICK", at: moment },
      { kind: "answered", account, orderId: 1025, request: 1, code: "OK", ...at, at: moment },
      { kind: "event", account, ...at, content: ["rested", 1025, 400, 40000], at: moment },
      { kind: "end", at: moment },
    ]);
  });
});

describe("an answer", () => {
  const answered = (requestId: number, code: string, sequence: number) => ({
    requestId,
    code,
    message: "",
    orderId: 1025,
    sequence,
    token: 1,
    repeated: false,
    retryMs: 0,
    pairOrderId: 0,
    leg: 0,
  });
  const CANCEL = { account: ACCOUNT, orderId: 1025, request: OrderRequest.ORDER_REQUEST_CANCEL };
  const REQUESTED = { ...EVENTS.requested[0]!, request: CANCEL.request } as AccountEvent;

  it("to an order is compared with the event that it names", async () => {
    const told = { account: ACCOUNT, clientOrderId: "one", token: 1 };
    log.accepted({ ...told, orderId: 1025, sequence: 1 });
    log.accepted({ ...told, orderId: 1025, sequence: 2 });
    log.accepted({ ...told, orderId: 1025, sequence: 0 });
    expect(await judge(JOURNAL)).toMatchObject({ compared: 2, otherwise: 1, lost: 0 });
  });

  it("to a cancel is written down, compared, and says that its order ends", async () => {
    const tracker = new OrderTracker(log);
    tracker.ask(1, CANCEL);
    tracker.ask(2, { ...CANCEL, request: OrderRequest.ORDER_REQUEST_REDUCE });
    tracker.ask(3, CANCEL);
    tracker.takeResult(answered(1, "OK", 5), 1);
    tracker.takeResult(answered(2, "OK", 4), 1);
    tracker.takeResult(answered(3, "NO_LEADER", 0), 1);
    tracker.takeResult(answered(1, "OK", 5), 1);
    const found = await judge([...JOURNAL, REQUESTED]);
    expect(found).toMatchObject({ compared: 2, otherwise: 1, lost: 0 });
    expect(found.cancels).toEqual([{ account: ACCOUNT, orderId: 1025 }]);
    expect(found.examples[0]).toContain('was told ["requested",1025,2] as 4');
  });

  it("is not awaited any more when its stream is lost", async () => {
    const tracker = new OrderTracker(log);
    tracker.ask(1, CANCEL);
    tracker.forgetRequests();
    tracker.takeResult(answered(1, "OK", 5), 1);
    log.rest();
    expect((await judge(JOURNAL)).cancels).toEqual([]);
  });
});
