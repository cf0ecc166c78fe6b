/** Orders that are held for review, from an operator's command line. */
import { ReviewDecision, Side } from "../../proto/gen/exchange/v1/exchange.js";
import { formatDecimal } from "../common/decimal.js";
import { accountOf, assetNamed, type Common } from "./accounts.js";
import { withClient } from "./connect.js";
import { parseDecimal } from "./decimal.js";
import { printJson, printTable } from "./output.js";
import { formatTime, nameOf, wordOf } from "./words.js";

const DECISIONS: Readonly<Record<string, ReviewDecision>> = {
  approve: ReviewDecision.REVIEW_DECISION_APPROVED,
  refuse: ReviewDecision.REVIEW_DECISION_REFUSED,
};

/** From now on; a value of 0 lifts it. */
export function setLimit(
  account: string,
  assetName: string,
  value: string,
  { json, dataDir }: Common,
): Promise<void> {
  return withClient(dataDir, async (client) => {
    const { name, decimals } = await assetNamed(client, assetName);
    const units = parseDecimal(value, decimals, "value");
    const limit = { account: accountOf(account), asset: name, value: units };
    const response = await client.setReviewLimit(limit);
    if (json) return printJson({ ...limit, ...response });
    const above = `orders worth more than ${formatDecimal(units, decimals)} ${name} are held for review`;
    process.stdout.write(units === 0 ? `no order in ${name} is held for review\n` : `${above}\n`);
  });
}

export function list({ json, dataDir }: Common): Promise<void> {
  return withClient(dataDir, async (client) => {
    const orders = await client.listReviews();
    if (json) return printJson(orders);
    const instruments = new Map(
      (await client.listInstruments()).map((each) => [each.symbol, each]),
    );
    const rows = orders.map((order) => {
      const { priceDecimals, quantityDecimals } = instruments.get(order.symbol)!;
      return [
        order.account,
        order.clientOrderId,
        order.symbol,
        nameOf(Side, order.side, "SIDE_").toLowerCase(),
        formatDecimal(order.quantity, quantityDecimals),
        formatDecimal(order.price, priceDecimals),
        formatTime(order.reviewUntil),
      ];
    });
    printTable([["account", "id", "symbol", "side", "quantity", "limit", "until"], ...rows]);
  });
}

export function decide(
  account: string,
  clientOrderId: string,
  word: string,
  { json, dataDir }: Common,
): Promise<void> {
  const decision = wordOf(DECISIONS, word, "decision", "INVALID_DECISION");
  return withClient(dataDir, async (client) => {
    const named = { account: accountOf(account), orderId: 0, clientOrderId };
    const response = await client.decideReview({ ...named, decision });
    if (json) return printJson(response);
    const name = nameOf(ReviewDecision, decision, "REVIEW_DECISION_").toLowerCase();
    process.stdout.write(response.repeated ? `was ${name} before\n` : `${name}\n`);
  });
}
