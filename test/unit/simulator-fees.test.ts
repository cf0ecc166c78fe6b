/** The simulator's own check of fees sees what is not as the rates say, and what the house was not given. */
import { expect, it } from "vitest";
import { readEvents } from "../../chaos/simulator/checks/decode.js";
import { FeesCheck } from "../../chaos/simulator/checks/fees.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { encodeAccountEvent } from "../../actors/ledger/account-events.js";

const RATES = { makerFee: -500, takerFee: 2_500 };
const ORDER = { orderId: 1_025, tradeId: 3, instrument: 1_025 };

/** A taker's fill, and what the house is given, as the shard writes them. */
function told(fee: number, given: number) {
  const writer = new ByteWriter();
  const terms = {
    side: 1,
    liquidity: 2,
    price: 100,
    quantity: 10,
    leaves: 0,
    sequence: 1,
  } as const;
  encodeAccountEvent(writer, { kind: "filled", ...ORDER, ...terms, fee });
  encodeAccountEvent(writer, { kind: "fee", ...ORDER, asset: 2, fee: given });
  const [filled, kept] = readEvents(writer.take());
  return { filled: filled!, kept: kept! };
}

it.each([
  [3, 3, houseAccountOf(1), "none", "a fee is rounded up"],
  [2, 2, houseAccountOf(1), "R7", "too little is charged"],
  [3, 2, houseAccountOf(1), "R7", "the house is given less than was charged"],
  [3, 3, 7, "R7", "somebody else is given it"],
])("%i charged, %i given to %i: %s (%s)", (fee, given, account, rule) => {
  const verdict = new Verdict(() => 0);
  const check = new FeesCheck(verdict);
  const { filled, kept } = told(fee, given);
  check.charge(filled, false, 1_000, RATES);
  check.keep(kept, account);
  check.judgeCommit();
  expect(verdict.violation?.rule ?? "none").toBe(rule);
});
