/** How much an account may ask for, as commands and events have it. */
import type { ByteReader, ByteWriter } from "../kernel/bytes.js";
import { ACCOUNT_LIMIT_MAX } from "../kernel/limits.js";

/** Of each: 0 is as much as the exchange allows. */
export interface Limits {
  readonly ordersPerDay: number;
  readonly openOrders: number;
  readonly requestsPerSecond: number;
}

export const NO_LIMITS: Limits = { ordersPerDay: 0, openOrders: 0, requestsPerSecond: 0 };

export function areSameLimits(one: Limits, other: Limits): boolean {
  return (
    one.ordersPerDay === other.ordersPerDay &&
    one.openOrders === other.openOrders &&
    one.requestsPerSecond === other.requestsPerSecond
  );
}

/** May an account have these? */
export function areLimits({ ordersPerDay, openOrders, requestsPerSecond }: Limits): boolean {
  return [ordersPerDay, openOrders, requestsPerSecond].every(
    (limit) => limit >= 0 && limit <= ACCOUNT_LIMIT_MAX,
  );
}

export function encodeLimits(writer: ByteWriter, limits: Limits): void {
  writer.uint(limits.ordersPerDay).uint(limits.openOrders).uint(limits.requestsPerSecond);
}

/** Throws `MalformedError`. */
export function decodeLimits(reader: ByteReader): Limits {
  const [ordersPerDay, openOrders] = [reader.uint(), reader.uint()];
  return { ordersPerDay, openOrders, requestsPerSecond: reader.uint() };
}
