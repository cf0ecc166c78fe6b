/** The parameters that a batch has for itself, whatever rows it has. */
import { assert } from "../../../actors/kernel/assert.js";

/** In this order; the parts' follow. */
const SCALARS = [
  "actor::integer",
  "incarnation::bigint",
  "token::bigint",
  "previous::bigint",
  "batch::bigint",
  "event_batch::bigint",
  "anchor::integer",
  "stream_created::text",
  "position::bigint",
  "position_stored::text",
  "time::bigint",
  "hash::bigint",
  "state::bytea",
  "position_before::bigint",
  "commands::bytea",
  "replies::bytea",
] as const;

const place = new Map(
  SCALARS.map((scalar, at): [string, string] => {
    const [name, type] = scalar.split("::") as [string, string];
    return [name, `$${at + 1}::${type}`];
  }),
);

export const SCALAR_PARAMETERS = SCALARS.length;

/** A scalar as it stands in the statement. */
export function scalar(name: string): string {
  const found = place.get(name);
  assert(found !== undefined, "no parameter %s", name);
  return found;
}
