/** What a load process is asked to do; given as one JSON object on its command line. */
import { z } from "zod";

const ORDERS_PER_SECOND_MAX = 1_000_000;

export const LoadOptions = z
  .object({
    /** The gateway, `HOST:PORT`. */
    grpc: z.string(),
    /** Stands in its client order ids: two runs on one exchange have two names. */
    name: z.string().regex(/^[a-z0-9]{1,8}$/),
    seed: z.number().int().default(1),
    firstAccount: z.number().int().positive(),
    accounts: z.number().int().positive(),
    symbols: z.array(z.string()).min(1),
    /** How many of them an account owns and trades; 0: all. */
    symbolsPerAccount: z.number().int().min(0).default(0),
    /** Orders per second whatever happens (open loop), or 0: as many as `window` lets (saturating). */
    ordersPerSecond: z.number().int().min(0).max(ORDERS_PER_SECOND_MAX).default(0),
    /** Orders that may be without their final or resting report at once, when saturating. */
    window: z.number().int().positive().default(1_000),
    /** When saturating, never more orders per second than this; 0: as many as `window` lets. */
    atMostPerSecond: z.number().int().min(0).max(ORDERS_PER_SECOND_MAX).default(0),
    /** Milliseconds from one look at what is due, or what there is room for, to the next; a stream then has it all as one message. */
    paceMs: z.number().int().positive().default(1),
    /** Order-entry streams, as if it were so many clients. */
    streams: z.number().int().positive().default(1),
    /** From when a latency counts: when the order was due, or when this process, perhaps late, has sent it. */
    timedFrom: z.enum(["due", "sent"]).default("due"),
    /** How long it sends before latencies count: until its own code is compiled. */
    leadInSeconds: z.number().min(0).default(0),
    /** Does it keep when each order was sent and answered, for its result? */
    keepsMoments: z.boolean().default(false),
    /** The part of the orders that cross, and the part of all messages that are cancels. */
    crossingShare: z.number().min(0).max(1).default(0.5),
    cancelShare: z
      .number()
      .min(0)
      .max(0.9)
      .default(1 / 3),
    /** Where what it is told is written; absent: nowhere. */
    logFile: z.string().optional(),
  })
  .refine(
    ({ accounts, symbols, symbolsPerAccount: each }) =>
      each === 0 || accounts >= Math.ceil(symbols.length / each),
    "every symbol needs an account that owns it",
  );
export type LoadOptions = z.infer<typeof LoadOptions>;
export type LoadRequest = z.input<typeof LoadOptions>;
