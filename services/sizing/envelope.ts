/** A month of the last example: as the back of an envelope has it, and as it is computed, at the same prices. */
import { EXAMPLES, whole } from "./examples.js";
import { costsOf, type Holdings, KEEP_DAYS_FALLBACK, monthOf, type Prices } from "./month.js";
import { sizing } from "./sizing.js";

/** In dollars: assumptions, for the comparison alone. */
export const ASSUMED_PRICES: Prices = { core: 25, memoryGib: 3, diskGib: 0.1 };

const BYTES_PER_GIB = 2 ** 30;
/** What somebody would guess, as the page has it in words: nothing of this was measured. */
const WORST_ORDERS_PER_SECOND = 8_500;
const CORE_SECONDS_PER_ORDER = 0.001;
const HALF_IDLE = 2;
const ACCOUNTS_AND_ORDERS = 2_000_000;
const BYTES_OF_EACH = 1_000;
const LED_AND_STOOD_BY = 2;
const DISK_BYTES_PER_DAY = 10e9;

const ENVELOPE: Holdings = {
  cores: Math.ceil(WORST_ORDERS_PER_SECOND * CORE_SECONDS_PER_ORDER) * HALF_IDLE,
  memoryGib: Math.ceil((ACCOUNTS_AND_ORDERS * BYTES_OF_EACH * LED_AND_STOOD_BY) / BYTES_PER_GIB),
  diskGib: Math.ceil((DISK_BYTES_PER_DAY * KEEP_DAYS_FALLBACK) / BYTES_PER_GIB),
};

const HEAD = [
  "a month",
  "cores",
  "memory GiB",
  "disk GiB",
  "cores, $",
  "memory, $",
  "disk, $",
  "all, $",
];

/** As Markdown: a page has it word for word. */
export function envelopeTable(): string {
  const computed = monthOf(sizing(EXAMPLES.at(-1)!), ASSUMED_PRICES, KEEP_DAYS_FALLBACK);
  const rows = [
    ["on the back of an envelope", ...wordsOf(ENVELOPE)],
    ["by `sizing`", ...wordsOf(computed)],
  ];
  const lines = [HEAD, HEAD.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function wordsOf(holdings: Holdings): string[] {
  const { cores, memoryGib, diskGib } = holdings;
  const costs = costsOf(holdings, ASSUMED_PRICES);
  const amounts = [costs.cores, costs.memory, costs.disk, costs.all];
  return [cores, memoryGib, diskGib, ...amounts.map(Math.round)].map(whole);
}
