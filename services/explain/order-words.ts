/** What commands, events and trades of one order say, in words: prices and quantities as decimals of its instrument. */
import { Code, codeName } from "../../actors/kernel/codes.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import {
  Liquidity,
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
} from "../../actors/kernel/order.js";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import type { ClientCommand } from "../../actors/ledger/messages.js";
import type { OrderCommand } from "../../actors/market/messages.js";
import { formatDecimal } from "../common/decimal.js";
import type { AssetRow, OrderRow } from "../ports/reads.js";

const REQUESTS: Readonly<Record<OrderRequest, string>> = {
  [OrderRequest.Cancel]: "cancel",
  [OrderRequest.Reduce]: "reduce",
  [OrderRequest.Amend]: "amend",
};

export class OrderWords {
  readonly symbol: string;
  private readonly assets: ReadonlyMap<number, AssetRow>;
  private readonly priceDecimals: number;
  private readonly quantityDecimals: number;
  private readonly quoteAsset: number;

  /** Of an order that was refused for its symbol there is no instrument. */
  constructor(instrument: Instrument | undefined, assets: readonly AssetRow[]) {
    this.symbol = instrument?.symbol ?? "";
    this.priceDecimals = instrument?.priceDecimals ?? 0;
    this.quantityDecimals = instrument?.quantityDecimals ?? 0;
    this.quoteAsset = instrument?.quoteAsset ?? 0;
    this.assets = new Map(assets.map((asset) => [asset.asset, asset]));
  }

  quantity(units: number): string {
    return formatDecimal(units, this.quantityDecimals);
  }

  price(units: number): string {
    return formatDecimal(units, this.priceDecimals);
  }

  /** The order as it was accepted, or as an amend left it. */
  terms({ side, type, price, quantity, stopPrice }: Terms): string {
    const stop = stopPrice > 0 ? `, from ${this.price(stopPrice)} on` : "";
    const limit = this.price(price);
    const isPriced = type === OrderType.Limit || type === OrderType.StopLimit;
    const at = isPriced ? `at ${limit}` : `at the market, held at ${limit}`;
    return `${wordOf(Side, side)} ${this.quantity(quantity)} ${this.symbol} ${at}${stop}`;
  }

  /** What has become of it. */
  standing({ status, code, filled, leaves }: OrderRow): string {
    const why = code === Code.OK ? "" : ` (${codeName(code)})`;
    const amounts = `filled ${this.quantity(filled)}, open ${this.quantity(leaves)}`;
    return `${wordOf(OrderStatus, status)}${why}: ${amounts}`;
  }

  /** What a client asks for, of this order. */
  asked(command: ClientCommand): string {
    if (command.kind === "place") return "asks for it";
    if (command.kind === "place-pair") return "asks for it, as one of a pair";
    if (command.kind === "resolve") return "asks what became of it";
    if (command.kind === "decide-review") return "decides on it";
    if (command.kind === "amend") return `asks to ${REQUESTS[command.request]} it`;
    return `asks for ${command.kind}`;
  }

  /** What the market takes. */
  taken(command: OrderCommand): string {
    switch (command.kind) {
      case "enter":
        return `takes the order: ${this.terms(command)}`;
      case "cancel":
        return "takes a cancel";
      case "reduce":
        return `takes a reduce to ${this.quantity(command.leaves)} open`;
      default:
        return "takes an amend";
    }
  }

  traded({ tradeId, quantity, price }: Trade, isMaker: boolean): string {
    const part = isMaker ? "maker" : "taker";
    return `trade ${tradeId}: ${this.quantity(quantity)} at ${this.price(price)} (${part})`;
  }

  /** What the account is told; `batch`: all that it is told of the order in one. */
  told(event: AccountEvent, batch: readonly AccountEvent[]): string {
    switch (event.kind) {
      case "accepted":
        return `accepted: ${this.terms(event)}`;
      case "rejected":
        return `rejected: ${codeName(event.code)}`;
      case "voided":
        return "never seen before: the id is void";
      case "requested":
        return isEndedAtOnce(event, batch)
          ? `${REQUESTS[event.request]} taken; the order was not at its market`
          : `${REQUESTS[event.request]} passed on to the market`;
      case "review":
        return "held for review";
      case "reviewed":
        return event.isApproved ? "approved by an operator" : "refused by an operator";
      case "rested":
        return `on the book, ${this.open(event)}`;
      case "waiting":
        return `waits for its trigger or its auction, ${this.open(event)}`;
      case "triggered":
        return `triggered, ${this.open(event)}`;
      case "amended":
        return `amended to ${this.quantity(event.quantity)} at ${this.price(event.price)}, ${this.open(event)}`;
      case "repriced":
        return `repriced to ${this.price(event.price)}`;
      case "filled": {
        const { quantity, price, tradeId, liquidity, fee } = event;
        const part = wordOf(Liquidity, liquidity).toLowerCase();
        const paid = fee === 0 ? "" : `, fee ${this.amount(this.quoteAsset, fee)}`;
        const trade = `${this.quantity(quantity)} at ${this.price(price)} by trade ${tradeId} (${part})`;
        return `settled ${trade}, ${this.open(event)}${paid}`;
      }
      case "reduced":
        return `reduced${because(event.code)}, ${this.open(event)}`;
      case "refused":
        return `${REQUESTS[event.request]} refused: ${codeName(event.code)}`;
      case "ended":
        return `ended${because(event.code)}, ${this.quantity(event.leaves)} unfilled`;
      default:
        return event.kind;
    }
  }

  /**
   * What one batch changed of what the account owns and of what of it is held, asset by asset; by events of other orders, too,
   * where there are such.
   */
  money(
    assets: readonly number[],
    totals: readonly number[],
    holds: readonly number[],
    others: number,
  ): string[] {
    const changes = assets.flatMap((asset, at) => {
      const [total, held] = [totals[at] ?? 0, holds[at] ?? 0];
      const owned = total === 0 ? [] : [`owns ${this.change(asset, total)}`];
      return held === 0 ? owned : [...owned, `held ${this.change(asset, held)}`];
    });
    if (changes.length === 0 || others === 0) return changes;
    return [...changes, `with ${others} other event${others === 1 ? "" : "s"} of the batch`];
  }

  private open({ leaves }: { readonly leaves: number }): string {
    return `${this.quantity(leaves)} open`;
  }

  private change(asset: number, units: number): string {
    return `${units > 0 ? "+" : ""}${this.amount(asset, units)}`;
  }

  private amount(asset: number, units: number): string {
    const { name, decimals } = this.assets.get(asset) ?? { name: `asset ${asset}`, decimals: 0 };
    return `${formatDecimal(units, decimals)} ${name}`;
  }
}

type Trade = Readonly<Record<"tradeId" | "quantity" | "price", number>>;
type Terms = Pick<OrderRow, "side" | "type" | "price" | "quantity" | "stopPrice">;

function because(code: number): string {
  return code === Code.OK ? "" : ` (${codeName(code)})`;
}

/** By the shard itself: what a market ends has the market's sequence, and may be told in the same batch. */
function isEndedAtOnce(asked: AccountEvent, batch: readonly AccountEvent[]): boolean {
  const next = batch[batch.indexOf(asked) + 1];
  return next?.kind === "ended" && next.sequence === 0;
}

/** `PartiallyFilled` as PARTIALLY_FILLED. */
export function wordOf(values: Readonly<Record<string, number>>, value: number): string {
  const name = Object.keys(values).find((key) => values[key] === value) ?? String(value);
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
