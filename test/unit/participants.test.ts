import { describe, expect, it } from "vitest";
import { instrumentProblem } from "../../actors/kernel/instrument.js";
import { MARKET_ORDER_BAND_DIVISOR } from "../../actors/kernel/limits.js";
import { OrderType, Side, TimeInForce } from "../../proto/gen/exchange/v1/exchange.js";
import { INSTRUMENTS } from "../../services/participants/instruments.js";
import { Random } from "../../services/participants/random.js";
import { MarketView, type Wish } from "../../services/participants/strategy.js";

const WISHES = 5_000;

function wishes(seed: number, instrument = INSTRUMENTS[0]!): Wish[] {
  const view = new MarketView(instrument, new Random(seed));
  return Array.from({ length: WISHES }, (_, at) => (at % 3 === 0 ? view.cross() : view.quote()));
}

describe("the participants", () => {
  it("wish the same for the same seed, and something else for another", () => {
    expect(wishes(7)).toEqual(wishes(7));
    expect(wishes(7)).not.toEqual(wishes(8));
  });

  it.each(INSTRUMENTS.map((each) => [each.symbol, each] as const))(
    "wish for %s only what its market takes",
    (_, instrument) => {
      const { tick, lot, referencePrice } = instrument;
      const band = referencePrice / MARKET_ORDER_BAND_DIVISOR;
      for (const wish of wishes(1, instrument)) {
        expect(wish.quantity).toBeGreaterThan(0);
        expect(wish.quantity % lot).toBe(0);
        expect(wish.price % tick).toBe(0);
        const isMarket = wish.type === OrderType.ORDER_TYPE_MARKET;
        if (isMarket) expect(wish.price).toBe(0);
        else expect(Math.abs(wish.price - referencePrice)).toBeLessThan(band);
      }
    },
  );

  it("quote on both sides without crossing the middle, and cross from both", () => {
    const view = new MarketView(INSTRUMENTS[0]!, new Random(3));
    const quotes = Array.from({ length: 50 }, () => view.quote());
    const crosses = Array.from({ length: 50 }, () => view.cross());
    for (const some of [quotes, crosses]) {
      expect(new Set(some.map(({ side }) => side))).toEqual(
        new Set([Side.SIDE_BUY, Side.SIDE_SELL]),
      );
    }
    const isResting = ({ timeInForce }: Wish) =>
      timeInForce === TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL;
    expect(quotes.every(isResting)).toBe(true);
    expect(crosses.some(isResting)).toBe(false);
  });

  it("trade instruments that the exchange can list", () => {
    for (const each of INSTRUMENTS) {
      const power = each.quoteAsset!.decimals - each.priceDecimals - each.quantityDecimals;
      const definition = { ...each, id: 1025, baseAsset: 1, quoteAsset: 2 };
      expect(instrumentProblem({ ...definition, notionalFactor: 10 ** power })).toBeUndefined();
      expect(each.baseAsset!.decimals).toBe(each.quantityDecimals);
    }
  });
});
