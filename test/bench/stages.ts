/** Where the time of an order goes that trades at once: from one place of its way to the next. */
import { Latencies } from "../../services/participants/latencies.js";

const MICROSECONDS_PER_MS = 1_000;

/** When an order was where, in microseconds since 1970 by the machine's clock. In the order of its way, but for `accepted`. */
export interface OrderTimes {
  readonly due: number;
  readonly gateway: number;
  readonly shardInbox: number;
  readonly shardBatch: number;
  readonly accepted: number;
  readonly marketInbox: number;
  readonly marketBatch: number;
  readonly tradeInbox: number;
  readonly tradeBatch: number;
  readonly filled: number;
}

export interface Stage {
  readonly stage: string;
  readonly msP50: number;
  readonly msP99: number;
}

type Place = keyof OrderTimes;

const WAY: readonly Place[] = [
  "due",
  "gateway",
  "shardInbox",
  "shardBatch",
  "marketInbox",
  "marketBatch",
  "tradeInbox",
  "tradeBatch",
  "filled",
];

/** What happens on the way to a place. */
const STAGES: Readonly<Partial<Record<Place, string>>> = {
  gateway: "due → the gateway has read it",
  shardInbox: "→ stored in its shard's inbox",
  shardBatch: "→ its shard's batch has begun",
  marketInbox: "→ committed, stored in its market's inbox",
  marketBatch: "→ its market's batch has begun",
  tradeInbox: "→ committed, the trade stored in its shard's inbox",
  tradeBatch: "→ its shard's next batch has begun",
  filled: "→ committed, the client has the fill",
};
const ACCEPTED = "aside: its shard's batch has begun → committed, the client has the acceptance";
const WHOLE = "due → the client has the fill";

/** The stages add up to the whole for each order, and so about for the medians. */
export function stagesOf(orders: readonly OrderTimes[]): Stage[] {
  const monotone = orders.map(inOrder);
  const between = (from: Place, to: Place) => {
    const latencies = new Latencies();
    for (const times of monotone) latencies.record((times[to] - times[from]) / MICROSECONDS_PER_MS);
    return latencies;
  };
  const stages = WAY.slice(1).map((to, at) => stageOf(STAGES[to]!, between(WAY[at]!, to)));
  return [
    ...stages,
    stageOf(WHOLE, between("due", "filled")),
    stageOf(ACCEPTED, between("shardBatch", "accepted")),
  ];
}

/**
 * A batch has the time at which it was begun and may take what comes a moment later: then what comes did not wait, and
 * what follows counts from when it came.
 */
export function inOrder(times: OrderTimes): OrderTimes {
  let latest = 0;
  const ordered: Record<Place, number> = { ...times };
  for (const place of WAY) {
    latest = Math.max(latest, times[place]);
    ordered[place] = latest;
  }
  return { ...ordered, accepted: Math.max(times.accepted, ordered.shardBatch) };
}

function stageOf(stage: string, latencies: Latencies): Stage {
  const rounded = (percent: number) => Math.round(latencies.percentile(percent) * 100) / 100;
  return { stage, msP50: rounded(50), msP99: rounded(99) };
}
