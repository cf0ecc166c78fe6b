/** The kinds of things in a shard's state hash: the first part of each, so that no two kinds are mixed up. */
export const HashKind = {
  Account: 1,
  Balance: 2,
  LiveOrder: 3,
  OrdersIssued: 4,
  Deposits: 5,
  Flow: 6,
  Reference: 7,
  RequestedOrder: 8,
  PairedOrder: 9,
  AccountState: 10,
  Withdrawal: 11,
  ChargedOrder: 12,
  Transferred: 13,
  Transfer: 14,
  Limits: 15,
  AccountGroup: 16,
} as const;
