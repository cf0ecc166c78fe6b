/** What a `Reads` promises of what an account may do, what it was held for, and what it has sent: every adapter has to pass. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { Side } from "../../actors/kernel/order.js";
import type { Reads } from "../../services/ports/reads.js";
import { FIRST, NOBODY, SECOND, SHARDS, SUB, Venue } from "./actors.js";
import { DEFINITION, type OpenReadsBench, type ReadsBench } from "./reads-bench.js";

const dayOf = (time: number): number => Math.floor(time / 86_400_000_000);

export function describeStandingReads(adapter: string, open: OpenReadsBench): void {
  describe(`the standing of accounts read from ${adapter}`, () => {
    let bench: ReadsBench;
    let reads: Reads;
    let venue: Venue;

    beforeEach(async () => {
      bench = await open();
      ({ reads } = bench);
      const { id } = await reads.createInstrument(DEFINITION);
      venue = await Venue.open(bench.store, id);
    });

    afterEach(() => bench?.close());

    it("give an account's withdrawals, the newest first, and what it may do", async () => {
      await venue.fund(FIRST, 1_000);
      const account = FIRST;
      const cash = { account, deadline: 0, asset: 1 } as const;
      const before = (await reads.balances(FIRST))!.sequence;
      await venue.ask(
        { kind: "withdraw", ...cash, amount: 5, key: "first" },
        { kind: "withdraw", ...cash, amount: 7, key: "second" },
        { kind: "decide-withdrawal", account, deadline: 0, key: "first", decision: 2 },
        { kind: "set-account", account, deadline: 0, state: 2 },
      );
      const [first, second] = [
        {
          account,
          key: "first",
          asset: 1,
          amount: 5,
          status: 2,
          requested: before + 1,
          sequence: before + 3,
        },
        {
          account,
          key: "second",
          asset: 1,
          amount: 7,
          status: 1,
          requested: before + 2,
          sequence: before + 2,
        },
      ];
      expect(await reads.withdrawals(FIRST, 9)).toEqual([second, first]);
      expect(await reads.withdrawals(FIRST, 1)).toEqual([second]);
      expect(await reads.withdrawals(SECOND, 9)).toEqual([]);
      expect(await reads.openWithdrawals(9)).toEqual([first, second]);
      expect(await reads.openWithdrawals(1)).toEqual([first]);
      expect(await reads.balances(FIRST)).toMatchObject({ state: 2, sequence: before + 4 });
    });

    it("give an account's limits, and what it has sent today", async () => {
      expect(await reads.limits(FIRST)).toBeNull();
      await venue.fund(FIRST, 10_000);
      const none = { ordersPerDay: 0, openOrders: 0, requestsPerSecond: 0 };
      expect(await reads.limits(FIRST)).toEqual({ ...none, ordersToday: 0, own: false });
      const limits = { ordersPerDay: 9, openOrders: 8, requestsPerSecond: 7 };
      await venue.ask({ kind: "set-limits", account: FIRST, deadline: 0, ...limits });
      await venue.ask(venue.order(FIRST, "one", {}));
      // The venue's time may be another day than the server's.
      const isSameDay = dayOf(venue.shardOf(FIRST).record.time) === dayOf(await reads.now());
      expect(await reads.limits(FIRST)).toEqual({
        ...limits,
        ordersToday: isSameDay ? 1 : 0,
        own: true,
      });
      const tier = { tier: 3, limits: none, resetsLimits: true };
      await venue.ask({ kind: "set-tier", account: FIRST, deadline: 0, ...tier });
      expect(await reads.limits(FIRST)).toMatchObject({ ...none, own: false });
      expect(await reads.balances(FIRST)).toMatchObject({ tier: 3 });
    });

    it("give above which values orders are held for review, and those that are", async () => {
      const everything = { instrument: 0, account: 0, side: 0 };
      expect(await reads.reviewLimits(FIRST)).toEqual([]);
      expect(await reads.ordersUnderReview(everything, 9)).toEqual([]);
      for (const account of [FIRST, SECOND]) {
        await venue.fund(account, 10_000);
        for (const [asset, value] of [
          [2, 1_000],
          [1, 7],
          [3, 0],
        ] as const) {
          const limit = { kind: "set-review-limit", account, deadline: 0, asset, value } as const;
          await venue.ask(limit);
        }
      }
      await venue.ask({
        kind: "set-review-limit",
        account: SECOND,
        deadline: 0,
        asset: 1,
        value: 0,
      });
      expect(await reads.reviewLimits(FIRST)).toEqual([
        { asset: 1, value: 7 },
        { asset: 2, value: 1_000 },
      ]);
      expect(await reads.reviewLimits(SECOND)).toEqual([{ asset: 2, value: 1_000 }]);

      await venue.ask(venue.order(FIRST, "held", { quantity: 20 }));
      await venue.ask(venue.order(FIRST, "not held", {}));
      await venue.ask(venue.order(SECOND, "held", { quantity: 30, side: Side.Sell }));
      const [first, second] = await reads.ordersUnderReview(everything, 9);
      expect(first).toMatchObject({ account: FIRST, clientOrderId: "held", quantity: 20 });
      expect(first!.reviewUntil).toBeGreaterThan(first!.created);
      expect(second).toMatchObject({ account: SECOND, quantity: 30 });
      expect(await reads.ordersUnderReview(everything, 1)).toEqual([first]);
      const instrument = venue.instrument.id;
      const of = (filter: object) => reads.ordersUnderReview({ ...everything, ...filter }, 9);
      expect(await of({ instrument, account: SECOND, side: Side.Sell })).toEqual([second]);
      expect(await of({ instrument: instrument + 1 })).toEqual([]);
      expect(await of({ account: FIRST, side: Side.Sell })).toEqual([]);

      const { orderId } = first!;
      const decision = { orderId, clientOrderId: "", isApproved: true };
      await venue.ask({ kind: "decide-review", account: FIRST, deadline: 0, ...decision });
      expect(await reads.ordersUnderReview(everything, 9)).toEqual([second]);
      expect(await reads.order(FIRST, orderId, "")).toMatchObject({ reviewUntil: 0 });
    });

    it("give an account's sub-accounts, which have its group, tier and limits and may do no more", async () => {
      await venue.ask({ kind: "open", account: FIRST, deadline: 0 });
      expect(await reads.subAccounts(FIRST)).toEqual([]);
      const open = { kind: "open-sub-account", account: SUB, deadline: 0, parent: FIRST } as const;
      await venue.ask(open);
      expect(await reads.subAccounts(FIRST)).toEqual([{ account: SUB, state: 1 }]);
      expect(await reads.subAccounts(SUB)).toEqual([]);
      expect(await reads.subAccounts(0)).toEqual([]);
      const limits = { ordersPerDay: 9, openOrders: 8, requestsPerSecond: 7 };
      const tier = { tier: 3, limits, resetsLimits: false };
      const first = { account: FIRST, deadline: 0 } as const;
      await venue.ask({ kind: "set-tier", ...first, ...tier });
      await venue.ask({ kind: "set-group", ...first, group: 5 });
      await venue.ask({ kind: "set-account", ...first, state: 3 });
      const shared = { state: 3, group: 5, tier: 3 };
      expect(await reads.balances(FIRST)).toMatchObject({ ...shared, parent: 0 });
      expect(await reads.balances(SUB)).toMatchObject({ ...shared, parent: FIRST });
      expect(await reads.limits(SUB)).toMatchObject({ ...limits, own: false });
      expect(await reads.subAccounts(FIRST)).toEqual([{ account: SUB, state: 1 }]);
    });

    it("give what an account has sent and was given, the newest first", async () => {
      await venue.fund(FIRST, 1_000);
      await venue.fund(SECOND, 1_000);
      const [sent, given] = [FIRST, SECOND].map((account) => ({ account, deadline: 0, asset: 1 }));
      const terms = { kind: "transfer", ...sent!, shard: SHARDS } as const;
      await venue.ask(
        { ...terms, recipient: SECOND, amount: 5, key: "one" },
        { ...terms, recipient: NOBODY, amount: 7, key: "two" },
      );
      await venue.ask({
        kind: "transfer",
        ...given!,
        recipient: FIRST,
        shard: 1,
        amount: 3,
        key: "back",
      });
      const one = { sender: FIRST, recipient: SECOND, key: "one", asset: 1, amount: 5 };
      const two = { sender: FIRST, recipient: NOBODY, key: "two", asset: 1, amount: 7 };
      const back = { sender: SECOND, recipient: FIRST, key: "back", asset: 1, amount: 3 };
      expect(await reads.transfers(FIRST, 9)).toEqual([
        { ...back, status: 2, code: 0, sequence: 8 },
        { ...two, status: 3, code: Code.UNKNOWN_RECIPIENT, sequence: 7 },
        { ...one, status: 2, code: 0, sequence: 6 },
      ]);
      expect(await reads.transfers(FIRST, 1)).toHaveLength(1);
      expect(await reads.transfers(SECOND, 9)).toEqual([
        { ...back, status: 2, code: 0, sequence: 6 },
        { ...one, status: 2, code: 0, sequence: 4 },
      ]);
      expect(await reads.transfers(NOBODY, 9)).toEqual([]);
    });
  });
}
