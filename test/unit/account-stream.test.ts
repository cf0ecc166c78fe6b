/** A stream of several accounts' events, whose journals are read by fewer readers than it has accounts. */
import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { encodeAccountEvent } from "../../actors/ledger/account-events.js";
import { AccountStream } from "../../services/gateway/account-stream.js";
import { UnreadEvents } from "../../services/gateway/event-writer.js";
import type { Catalog } from "../../services/gateway/catalog.js";
import { CATCH_UPS_AT_ONCE, JOURNAL_ROWS_PER_PAGE } from "../../services/gateway/limits.js";
import { Session } from "../../services/gateway/session.js";
import { Subscriptions } from "../../services/gateway/subscriptions.js";
import type { JournalRow } from "../../services/ports/reads.js";
import { ManualClock } from "../helpers/manual-clock.js";

const PAGES = 40;
const BUSY = Array.from({ length: CATCH_UPS_AT_ONCE }, (_, n) => n + 1);
const QUIET = CATCH_UPS_AT_ONCE + 1;

function row(account: number, sequence: number): JournalRow {
  const writer = new ByteWriter();
  encodeAccountEvent(writer, { kind: "rested", orderId: sequence, leaves: 1, sequence });
  const place = { account, first: sequence, last: sequence, actor: 1, batch: sequence };
  return { ...place, token: 1, time: sequence, events: writer.take() };
}

it("reads a page of each in turn, so that those which never end hold up no other", async () => {
  const pages: number[] = [];
  const call = Object.assign(new EventEmitter(), { write: () => true });
  const journalFrom = async (account: number, from: number): Promise<JournalRow[]> => {
    pages.push(account);
    if (pages.length > PAGES) call.emit("cancelled");
    await turn();
    const rows = account === QUIET ? 1 : JOURNAL_ROWS_PER_PAGE;
    return Array.from({ length: rows }, (_, n) => row(account, from + n));
  };
  const accountHeads = async (accounts: readonly number[]) =>
    new Map(accounts.map((account) => [account, { first: 1, last: 1_000_000 }]));
  const stream = new AccountStream(
    call,
    {
      reads: { accountHeads, journalFrom },
      clock: new ManualClock(),
      catalog: {} as Catalog,
      subscriptions: new Subscriptions(),
      logger: pino({ level: "silent" }),
      unread: new UnreadEvents(),
    },
    () => undefined,
  );
  const positions = [...BUSY, QUIET].map((account) => ({ account, fromSequence: 1 }));
  await stream.start(Session.over("*"), positions);
  while (pages.length <= PAGES) await turn();
  expect(pages).toContain(QUIET);
});
