/** What an audit proves of the batch log. */
import type { Rule } from "./rules.js";

export const BATCH_GAPS: Rule = {
  name: "batchGaps",
  table: "batch_log",
  conserves: false,
  proves:
    "Batches are numbered 1, 2, 3, … (some may be archived), each begins where the one before ended, and the last is the actor's.",
  violations: `
    SELECT actor, batch, previous_batch, position_before, previous_position
    FROM (
      SELECT actor, batch, anchor, position_before, position_after, archived,
             lag(batch, 1, 0::bigint) OVER w AS previous_batch, lag(anchor) OVER w AS previous_anchor,
             lag(position_after) OVER w AS previous_position
      FROM seen_log WINDOW w AS (PARTITION BY actor ORDER BY batch)
    ) b
    WHERE NOT archived AND (batch <> previous_batch + 1 OR anchor < previous_anchor OR position_after < position_before
       OR (anchor = previous_anchor AND position_before <> previous_position))
    UNION ALL
    SELECT a.actor, a.batch, max(l.batch), a.position, NULL
    FROM actors a LEFT JOIN batch_log l USING (actor)
    GROUP BY a.actor HAVING a.batch <> coalesce(max(l.batch), 0)`,
};

export const STALE_BATCHES: Rule = {
  name: "staleBatches",
  table: "batch_log",
  conserves: false,
  proves:
    "R1: after a higher token was raised nobody commits under a lower one, and a batch's rows have its token.",
  violations: `
    SELECT actor, batch, token, highest_before FROM (
      SELECT actor, batch, token, is_claim, max(token) OVER (
        PARTITION BY actor ORDER BY batch, is_claim ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest_before
      FROM (SELECT actor, batch, token, 0 AS is_claim FROM seen_log
            UNION ALL SELECT actor, batch, token, 1 FROM claims) log
    ) b
    WHERE is_claim = 0 AND token < highest_before
    UNION ALL
    SELECT l.actor, l.batch, l.token, a.token FROM batch_log l JOIN actors a USING (actor) WHERE l.token > a.token
    UNION ALL
    SELECT j.actor, j.batch, j.token, l.token FROM seen_journal j JOIN batch_log l USING (actor, batch)
    WHERE j.token <> l.token`,
};
