/** The table of all codes as a page: `proto/CODES.md` is what this gives, and a test sees to it. */
import { Code } from "../../actors/kernel/codes.js";
import { codeText } from "./code-text.js";

interface Section {
  readonly title: string;
  /** The last code's number. */
  readonly upTo: number;
}

const SECTIONS: readonly Section[] = [
  { title: "Why a ledger shard refuses a command or rejects an order", upTo: 39 },
  { title: "Why an order ended, or a request came to nothing", upTo: 49 },
  { title: "What makes no sense in an order", upTo: 69 },
  { title: "Why a market does not take an order as things stand", upTo: 89 },
  { title: "Why an order ended later", upTo: 99 },
  { title: "Why an amend came to nothing", upTo: 103 },
  { title: "Why a pair is refused or rejected", upTo: 109 },
  { title: "Why a phase changed", upTo: 119 },
  { title: "What an account may not do", upTo: 129 },
  { title: "Why a withdrawal, or a decision on one, is refused", upTo: 139 },
  { title: "Why a transfer is refused, or comes back", upTo: 149 },
  { title: "What a review does to an order, or forbids", upTo: 159 },
];

const HEAD = `# Codes

Every reason for which the exchange's ledger or markets refuse an order or a request, or with which an order ends. A name keeps its meaning for ever; clients
see the names, rows and frames hold the numbers. \`OK\` (0) is none of these. What a gateway refuses by itself (\`NO_LEADER\`,
\`OVERLOADED\`, \`TOO_MANY_STREAMS\`, \`SESSION_MISSING\`, \`DEPOSIT_KEY_INVALID\` and the like) comes with a sentence of its own, and so does what the command line refuses before it
sends anything (\`NOT_A_NUMBER\`, \`NUMBER_BELOW_ZERO\`, \`NUMBER_TOO_LARGE\`, \`TOO_MANY_DECIMALS\`, \`NOT_A_TIME\`, \`PERIOD_WITHOUT_TIME\` and the like); they have no numbers
and are not in these tables. Where a gateway says with it when to try again (\`retry_ms\`, or \`palisade-retry-ms\` of a call), wait at least so long. With \`OVERLOADED\`, \`MARKET_BEHIND\`, \`TOO_MANY_PENDING\` and
\`STREAM_FULL\` it is one of several times, so that not all come back at once.

An order that is *rejected* has one of the first or third section, or of that of pairs, and never reached its market. What a market does not take ends
the order: cancelled, or expired for \`EXPIRED\`, \`DAY_ENDED\`, \`AUCTION_REMAINDER\` and \`REVIEW_TIME_OVER\`.
`;

export function codeTable(): string {
  const codes = Object.entries(Code).filter(([, code]) => code !== Code.OK);
  const parts = SECTIONS.map(({ title, upTo }, at) => {
    const from = SECTIONS[at - 1]?.upTo ?? 0;
    const rows = codes
      .filter(([, code]) => code > from && code <= upTo)
      .toSorted(([, a], [, b]) => a - b)
      .map(([name, code]) => `| \`${name}\` | ${code} | ${codeText(code)} |`);
    return `## ${title}\n\n| code | number | what it says |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return [HEAD, ...parts].join("\n");
}
