/** The checker reads journals by itself; it has to know whatever the ledger writes into one. */
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { encodeAccountEvent } from "../../actors/ledger/account-events.js";
import { settledFills } from "../../chaos/checker/journal.js";
import { EVENTS, FILL } from "../helpers/account-events.js";

describe("the checker's reader of journals", () => {
  it.each(Object.entries(EVENTS))("reads past what is %s to the next fill", (_, events) => {
    for (const event of events) {
      const writer = new ByteWriter();
      for (const each of [event, FILL]) encodeAccountEvent(writer, each);
      const settled = { orderId: 1025, tradeId: 9, market: 1025, price: 58_000, quantity: 600 };
      const expected = event.kind === "filled" ? [settled, settled] : [settled];
      expect(settledFills(Buffer.from(writer.take()), 2)).toEqual(expected);
    }
  });
});
