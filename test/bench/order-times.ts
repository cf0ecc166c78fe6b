/**
 * The times of orders, put together from what three parties wrote down anyway: the clients' logs, the inboxes of NATS, and
 * the batch log. All clocks are the machine's: a batch's time is PostgreSQL's clock as the answer to the commit before told
 * it, carried on by a monotonic one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader } from "../../actors/kernel/bytes.js";
import { decodeFrame } from "../../actors/kernel/frame.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import { COMMAND_LIFETIME_MICROS } from "../../actors/kernel/limits.js";
import { decodeLedgerCommand } from "../../actors/ledger/messages.js";
import { decodeMarketCommand } from "../../actors/market/messages.js";
import type { Scene } from "../../chaos/scene.js";
import { commandKey } from "./inbox-watch.js";
import type { OrderTimes } from "./stages.js";

const MICROSECONDS_PER_MS = 1_000;

type Stored = ReadonlyMap<string, number>;
/** By client order id or by order number. */
type Times<K> = Map<K, Partial<OrderTimes>>;

/** Of orders that trade at once, in microseconds since 1970. */
export interface Traded {
  /** Those of which every time is known. */
  readonly whole: readonly OrderTimes[];
  /** When each of all that traded was due. */
  readonly dues: readonly number[];
}

/** `since`: microseconds since 1970. */
export async function orderTimes(
  scene: Scene,
  logs: string,
  stored: Stored,
  since: number,
): Promise<Traded> {
  const client = new ClientTimes(logs);
  const batches = await BatchTimes.read(scene, stored, since);
  const whole: OrderTimes[] = [];
  const dues: number[] = [];
  for (const [clientOrderId, told] of client.byClientId) {
    const orderId = client.orderIds.get(clientOrderId);
    if (orderId === undefined) continue;
    const times = {
      ...told,
      ...batches.byClientId.get(clientOrderId),
      ...batches.byOrder.get(orderId),
      filled: client.filled.get(orderId),
    };
    if (times.filled !== undefined && times.due !== undefined) dues.push(times.due);
    if (isWhole(times)) whole.push(times);
  }
  return { whole, dues };
}

const PLACES = 10;

function isWhole(times: Partial<OrderTimes>): times is OrderTimes {
  return Object.values(times).filter((at) => at !== undefined).length === PLACES;
}

interface Line {
  readonly kind: string;
  readonly at: number;
  readonly clientOrderId?: string;
  readonly orderId?: number;
  readonly crosses?: boolean;
  readonly content?: readonly unknown[];
}

/** What the clients were told first, from the logs of a folder. */
class ClientTimes {
  readonly byClientId: Times<string> = new Map();
  readonly orderIds = new Map<string, number>();
  readonly filled = new Map<number, number>();

  constructor(logs: string) {
    for (const file of readdirSync(logs)) {
      const text = readFileSync(join(logs, file), "utf8");
      for (const line of text.split("\n")) if (line !== "") this.take(JSON.parse(line) as Line);
    }
  }

  private take({ kind, at: atMs, clientOrderId = "", orderId = 0, crosses, content }: Line): void {
    const at = Math.round(atMs * MICROSECONDS_PER_MS);
    if (kind === "submitted" && crosses) this.byClientId.set(clientOrderId, { due: at });
    if (kind === "accepted" && !this.orderIds.has(clientOrderId)) {
      this.orderIds.set(clientOrderId, orderId);
      const known = this.byClientId.get(clientOrderId);
      if (known) this.byClientId.set(clientOrderId, { ...known, accepted: at });
    }
    if (kind === "event" && content?.[0] === "filled") {
      const filled = Number(content[1]);
      if (!this.filled.has(filled)) this.filled.set(filled, at);
    }
  }
}

interface BatchRow {
  readonly actor: number;
  readonly kind: "ledger" | "market";
  readonly time: number;
  readonly commands: Uint8Array;
}

const BATCHES = `
  SELECT l.actor, a.kind, l.time, l.commands FROM batch_log l JOIN actors a USING (actor)
  WHERE l.time >= $1 ORDER BY l.actor, l.batch`;

/** What the batch log says, where it is known when a command was stored. */
class BatchTimes {
  readonly byClientId: Times<string> = new Map();
  readonly byOrder: Times<number> = new Map();

  static async read(scene: Scene, stored: Stored, since: number): Promise<BatchTimes> {
    const times = new BatchTimes();
    for (const row of await scene.query<BatchRow>(BATCHES, [since])) times.take(row, stored);
    return times;
  }

  private take({ actor, kind, time, commands }: BatchRow, stored: Stored): void {
    const reader = new ByteReader(commands);
    while (reader.remaining > 0) {
      const frame = decodeFrame(reader.bytes());
      frame.commands.forEach((payload, n) => {
        const key = commandKey(actor, frame.source, frame.token, frame.first + n);
        const came = stored.get(key);
        if (came === undefined) return;
        if (kind === "market") this.takeOfMarket(payload, came, time);
        else this.takeOfShard(actor, payload, came, time);
      });
    }
  }

  private takeOfShard(shard: number, payload: Uint8Array, came: number, time: number): void {
    const says = decodeLedgerCommand(payload);
    if (says.kind === "place") {
      // The gateway counts the time in which a command has to be taken from when it read it.
      const gateway = says.deadline - COMMAND_LIFETIME_MICROS;
      this.byClientId.set(says.clientOrderId, { gateway, shardInbox: came, shardBatch: time });
    }
    if (says.kind !== "trade" || shardOfOrder(says.takerOrder) !== shard) return;
    const known = this.byOrder.get(says.takerOrder);
    if (known?.tradeInbox !== undefined) return; // The first trade is the one that was waited for.
    this.byOrder.set(says.takerOrder, { ...known, tradeInbox: came, tradeBatch: time });
  }

  private takeOfMarket(payload: Uint8Array, came: number, time: number): void {
    const says = decodeMarketCommand(payload);
    if (says.kind !== "enter") return;
    const known = this.byOrder.get(says.orderId);
    this.byOrder.set(says.orderId, { ...known, marketInbox: came, marketBatch: time });
  }
}
