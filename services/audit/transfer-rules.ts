/** What an audit proves of transfers between accounts, and of what shards count of them. */
import type { Rule } from "./rules.js";

/** Running totals count turnover, which has no limit, so a shard counts it modulo 2^53. */
export const TURNOVER_WRAPS_AT = 2 ** 53;

export const TRANSFERS: Rule = {
  name: "transfers",
  table: "transfers",
  conserves: true,
  proves:
    "A transfer that is settled was given to its recipient, whole and once; one that came back was not; nothing was " +
    "given that nobody has sent. One that is sent may have arrived, or not: without its credit it is under way (`transfersUnderWay`).",
  violations: `
    SELECT coalesce(t.account, c.sender) AS account, coalesce(t.key, c.key) AS key, t.recipient, t.asset, t.amount, t.status,
           c.account AS given_to, c.asset AS given_asset, c.amount AS given
    FROM seen_transfers t FULL JOIN (
      SELECT account, sender, key, asset, amount, false AS foreign FROM seen_credits
      WHERE sender NOT IN (SELECT sender FROM foreign_senders)
      UNION ALL SELECT account, sender, key, asset, amount, true FROM foreign_credits
    ) c ON c.sender = t.account AND c.key = t.key
    WHERE (t.account IS NULL AND NOT (c.foreign AND EXISTS (
             SELECT FROM transfers l WHERE l.account = c.sender AND l.key = c.key AND l.status <> 3
               AND (l.recipient, l.asset, l.amount) = (c.account, c.asset, c.amount))))
       OR (c.account IS NULL AND t.status = 2)
       OR (c.account IS NOT NULL AND (t.status = 3 OR (c.account, c.asset, c.amount) <> (t.recipient, t.asset, t.amount)))`,
};

export const TRANSFERRED: Rule = {
  name: "transferred",
  table: "shard_totals",
  conserves: true,
  proves:
    "What a shard counts as transferred is what its accounts were given and got back, and what they have sent.",
  violations: `
    SELECT actor, asset, t.transferred_in, t.transferred_out, m.moved_in AS credits_and_returns, m.moved_out AS transfers
    FROM seen_totals t
    FULL JOIN (
      SELECT actor, asset, sum(moved_in) AS moved_in, sum(moved_out) AS moved_out FROM (
        SELECT actor, asset, amount AS moved_in, 0 AS moved_out FROM seen_credits
        UNION ALL SELECT actor, asset, CASE status WHEN 3 THEN amount ELSE 0 END, amount FROM seen_transfers
      ) moved GROUP BY actor, asset
    ) m USING (actor, asset)
    WHERE coalesce(t.transferred_in, 0) <> coalesce(mod(m.moved_in, ${TURNOVER_WRAPS_AT}), 0)
       OR coalesce(t.transferred_out, 0) <> coalesce(mod(m.moved_out, ${TURNOVER_WRAPS_AT}), 0)`,
};
