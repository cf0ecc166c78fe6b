/** Orders that are held for review, from an operator's command line. */
import { ReviewDecision, Side } from "../../proto/gen/exchange/v1/exchange.js";
import { formatDecimal } from "../common/decimal.js";
import { accountOf, assetNamed, type Common } from "./accounts.js";
import { withClient } from "./connect.js";
import { parseDecimal } from "./decimal.js";
import { heldAbove } from "./order-words.js";
import { printJson, printTable } from "./output.js";
import { formatTime, nameOf, wordOf } from "./words.js";

const DECISIONS: Readonly<Record<string, ReviewDecision>> = {
  approve: ReviewDecision.REVIEW_DECISION_APPROVED,
  refuse: ReviewDecision.REVIEW_DECISION_REFUSED,
};

/** Above which values its orders are held; with a value, from now on. */
export function limit(
  account: string,
  assetName: string | undefined,
  value: string | undefined,
  options: Common,
): Promise<void> {
  return assetName === undefined || value === undefined
    ? showLimits(account, assetName, options)
    : setLimit(account, assetName, value, options);
}

function showLimits(
  account: string,
  assetName: string | undefined,
  { json, ...where }: Common,
): Promise<void> {
  return withClient(where, async (client) => {
    const wanted = assetName === undefined ? undefined : await assetNamed(client, assetName);
    const number = accountOf(account);
    const { reviewLimits } = await client.accountLimits(number);
    const found = reviewLimits.filter(({ asset }) => !wanted || asset!.name === wanted.name);
    if (json) return printJson({ account: number, reviewLimits: found });
    for (const { asset, value } of found) process.stdout.write(`${heldAbove(value, asset!)}\n`);
    if (found.length === 0) process.stdout.write(`${noneHeld(wanted?.name)}\n`);
  });
}

/** Those that are held already wait all the same. */
function noneHeld(assetName?: string): string {
  return `no new order${assetName === undefined ? "" : ` in ${assetName}`} is held for review`;
}

/** From now on; a value of 0 lifts it. */
function setLimit(
  account: string,
  assetName: string,
  value: string,
  { json, ...where }: Common,
): Promise<void> {
  return withClient(where, async (client) => {
    const asset = await assetNamed(client, assetName);
    const units = parseDecimal(value, asset.decimals, "value");
    const limit = { account: accountOf(account), asset: asset.name, value: units };
    const response = await client.setReviewLimit(limit);
    if (json) return printJson({ ...limit, ...response });
    process.stdout.write(`${units === 0 ? noneHeld(asset.name) : heldAbove(units, asset)}\n`);
  });
}

export function list({ json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
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
    const head = ["account", "id", "symbol", "side", "quantity", "limit", "until"];
    printTable([head, ...rows], "no orders under review");
  });
}

export function decide(
  account: string,
  clientOrderId: string,
  word: string,
  { json, ...where }: Common,
): Promise<void> {
  const decision = wordOf(DECISIONS, word, "decision", "INVALID_DECISION");
  return withClient(where, async (client) => {
    const named = { account: accountOf(account), orderId: 0, clientOrderId };
    const response = await client.decideReview({ ...named, decision });
    if (json) return printJson(response);
    const name = nameOf(ReviewDecision, decision, "REVIEW_DECISION_").toLowerCase();
    process.stdout.write(response.repeated ? `was ${name} before\n` : `${name}\n`);
  });
}
