/** What is asked of an exchange. */
export interface Load {
  /** At the busiest. */
  readonly ordersPerSecond: number;
  readonly ordersPerDay: number;
  readonly accounts: number;
  readonly symbols: number;
  /** WebSocket clients that follow the trades and the depth of one symbol each. */
  readonly subscribers: number;
  /** Orders that rest at one time. */
  readonly restingOrders: number;
}

export const SECONDS_PER_DAY = 86_400;
/** A core that is busier than this on average has queues. */
export const BUSY_MAX = 0.5;
/** What each gateway or feed has to do whatever their number takes so much of its core at most: else very many share what is left. */
export const EACH_BUSY_MAX = 0.7;
/** An actor runs on one thread, and so do a node's actors, a gateway and a feed. */
export const CORES_PER_PROCESS = 1;
/** Each actor is led by one node and followed by another. */
export const COPIES = 2;
