/** What a market stored that knew neither phases nor terms, after two trades; as rows have it since, with what is shown. */
export const STATE_BEFORE = "0107020565650201810807323333302e54570102020001010164";
export const HASH_BEFORE = 2_206_881_596_041_658;
export const BOOK_BEFORE = [
  { order_id: 3_073, account: 101, side: 2, price: 103, leaves: 5, shown: 5, priority: 3 },
  { order_id: 2_050, account: 102, side: 2, price: 101, leaves: 2, shown: 2, priority: 2 },
  { order_id: 6_146, account: 102, side: 1, price: 98, leaves: 3, shown: 3, priority: 5 },
  { order_id: 5_121, account: 101, side: 1, price: 99, leaves: 2, shown: 2, priority: 4 },
];
