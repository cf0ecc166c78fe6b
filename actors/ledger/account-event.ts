/**
 * What an account is told: its journal, one gapless sequence per account (R9).
 *
 * An event that answers a client's command names it by its origin (slot, the slot's token, number), so a gateway that
 * missed the frame finds its answer in the journal. Answers that take no number in a sequence (a repeated client
 * order id, an unknown account) are `Reply`s.
 */
import type { Liquidity, OrderRequest, Side } from "../kernel/order.js";
import type { Limits } from "./limit-terms.js";
import type { OtherTerms } from "./other-terms.js";
import type { ReviewEvent } from "./review-events.js";
import type { StandingEvent } from "./standing-events.js";
import type { WarningEvent } from "./warnings.js";

/** The command an event answers. `slot` is positive. */
export interface Origin {
  readonly slot: number;
  readonly token: number;
  readonly number: number;
}

export type AccountEvent =
  /** With the limits of its tier, if there are any; or under a parent, with whatever that has. */
  | {
      readonly kind: "opened";
      readonly origin: Origin;
      readonly limits?: Limits;
      readonly parent?: number;
    }
  | {
      readonly kind: "deposited";
      readonly origin: Origin;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
    }
  /** What has become of a withdrawal: its status (`withdrawals.ts`). */
  | {
      readonly kind: "withdrawal";
      readonly origin: Origin;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
      readonly status: number;
    }
  /** Sent to another account: it has left this one. */
  | {
      readonly kind: "transfer";
      readonly origin: Origin;
      readonly recipient: number;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
    }
  /** The recipient has it (`OK`); or why not, and it is back. */
  | {
      readonly kind: "transfer-ended";
      readonly recipient: number;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
      readonly code: number;
    }
  /** Given by another account's transfer. */
  | {
      readonly kind: "transfer-received";
      readonly sender: number;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
    }
  | StandingEvent
  | WarningEvent
  | ReviewEvent
  /** Checked, held for, durable; on its way to the market, unless it is held for review next. */
  | (OtherTerms & {
      readonly kind: "accepted";
      readonly origin: Origin;
      readonly orderId: number;
      readonly clientOrderId: string;
      readonly instrument: number;
      readonly side: Side;
      readonly type: number;
      readonly timeInForce: number;
      /** For a market order or a stop: the limit that was held at. */
      readonly price: number;
      readonly quantity: number;
      /** The other order of its pair; 0: it is of none. */
      readonly pair: number;
    })
  /** A first answer only; the client order id stays used. `orderId` names the record of the rejection. */
  | {
      readonly kind: "rejected";
      readonly origin: Origin;
      readonly orderId: number;
      readonly clientOrderId: string;
      readonly code: number;
    }
  /** A cancel, reduce or amend was passed on to the market. */
  | {
      readonly kind: "requested";
      readonly origin: Origin;
      readonly orderId: number;
      readonly request: OrderRequest;
    }
  /** Cancels of all these orders were passed on: of an instrument or (0) all, of a side or (0) both. */
  | {
      readonly kind: "cancel-all";
      readonly origin: Origin;
      readonly instrument: number;
      readonly side: number;
      /** How many. */
      readonly orders: number;
    }
  /** The client order id was never seen before and can never execute now. */
  | {
      readonly kind: "voided";
      readonly origin: Origin;
      readonly orderId: number;
      readonly clientOrderId: string;
    }
  /** It stands on the book; it waits for its trigger or its auction; it is executed from now on. */
  | {
      readonly kind: "rested" | "waiting" | "triggered";
      readonly orderId: number;
      readonly leaves: number;
      readonly sequence: number;
    }
  | FilledEvent
  /** The house was paid a fee, or (below zero) gave a rebate. */
  | {
      readonly kind: "fee";
      readonly orderId: number;
      readonly tradeId: number;
      readonly instrument: number;
      readonly asset: number;
      readonly fee: number;
    }
  /** The terms are these from now on. */
  | {
      readonly kind: "amended";
      readonly orderId: number;
      readonly price: number;
      /** What is filled and what is open together. */
      readonly quantity: number;
      readonly leaves: number;
      readonly stopPrice: number;
      readonly display: number;
      readonly sequence: number;
    }
  /** It came with a limit at which it would have traded, and has this one instead. */
  | {
      readonly kind: "repriced";
      readonly orderId: number;
      readonly price: number;
      readonly sequence: number;
    }
  /** `sequence` is 0 where it ended before it reached its market. */
  | {
      readonly kind: "ended";
      readonly orderId: number;
      readonly leaves: number;
      readonly code: number;
      readonly sequence: number;
    }
  /** `code` `OK`: as asked; else why. */
  | {
      readonly kind: "reduced";
      readonly orderId: number;
      readonly leaves: number;
      readonly code: number;
      readonly sequence: number;
    }
  | {
      readonly kind: "refused";
      readonly orderId: number;
      readonly request: OrderRequest;
      readonly code: number;
      readonly sequence: number;
    };

/** The money has moved when this is seen. `sequence` is the market's. */
export interface FilledEvent {
  readonly kind: "filled";
  readonly orderId: number;
  readonly tradeId: number;
  readonly instrument: number;
  readonly side: Side;
  readonly liquidity: Liquidity;
  readonly price: number;
  readonly quantity: number;
  readonly leaves: number;
  /** What the account was charged besides, in the quote asset; below zero: was given. */
  readonly fee: number;
  readonly sequence: number;
}

/** An answer outside any account's sequence. `code` 0: the first answer was acceptance of `orderId`. */
export interface Reply {
  readonly origin: Origin;
  readonly account: number;
  readonly code: number;
  /** The order the command was about, or 0. */
  readonly orderId: number;
  /** Is this the first answer given again (a repeat), and not a new one? */
  readonly repeated: boolean;
  /** Of a pair only; the rest of the answer is about its first leg, then. */
  readonly pair?: PairReply;
}

export interface PairReply {
  /** The second leg's order, or 0. */
  readonly orderId: number;
  /** Which leg the code is about: 1 or 2; 0: both. */
  readonly leg: number;
}

/** The events of one account in one batch, in order, from its number `first` on. */
export interface JournalBlock {
  readonly account: number;
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}
