/** `statement`: an account's money, line by line, as its journal says it. */
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { JournalError } from "../audit/account-journal.js";
import { JournalArchivedError, type Period } from "../audit/journal-reader.js";
import { type Amounts, type StatementLine, writeStatement } from "../audit/statement.js";
import { accountOf } from "./accounts.js";
import { CliError } from "./cli-error.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { printJson } from "./output.js";
import { formatMicroseconds, parseBeginning, parsePastTime } from "./words.js";

export interface StatementOptions extends DatabaseOptions {
  readonly from?: string;
  readonly to?: string;
  readonly archives?: string;
  readonly json?: boolean;
}

const COLUMNS = ["time", "sequence", "kind", "reference", "asset", "change", "balance"] as const;
const MICROSECONDS_PER_MILLISECOND = 1_000;
const FOR_EVER = Number.MAX_SAFE_INTEGER;

export async function statement(account: string, options: StatementOptions): Promise<void> {
  const number = accountOrHouse(account);
  const now = Date.now() * MICROSECONDS_PER_MILLISECOND;
  const from = options.from === undefined ? 0 : parseBeginning(options.from, now);
  const to = options.to === undefined ? FOR_EVER : parsePastTime(options.to, now, "end");
  if (from >= to) {
    throw new CliError(
      "PERIOD_WITHOUT_TIME",
      "--from has to be before --to, which is no part of it",
    );
  }
  await onDatabase(options, async (url) => {
    const period = { from, to };
    if (!options.json) return printCsv(url, number, period, options);
    const lines: object[] = [];
    const writer = {
      begin: () => undefined,
      line: (line: StatementLine) =>
        void lines.push({ ...line, time: formatMicroseconds(line.time) }),
    };
    printJson({ ...(await read(url, number, period, writer, options.archives)), lines });
  });
}

/** The first and last rows say what there is of each asset, also of those that did not move. */
async function printCsv(
  url: string,
  account: number,
  period: Period,
  { from, to, archives }: StatementOptions,
): Promise<void> {
  const print = (cells: readonly string[]): void =>
    void process.stdout.write(`${cells.map(inCsv).join(",")}\n`);
  const balances = (kind: "opening" | "closing", time: string, amounts: Amounts): void => {
    for (const [asset, balance] of Object.entries(amounts)) {
      print([time, "", kind, "", asset, "", balance]);
    }
  };
  const writer = {
    // Not before it is known that there is an account.
    begin: (opening: Amounts) => {
      print(COLUMNS);
      balances("opening", from === undefined ? "" : formatMicroseconds(period.from), opening);
    },
    line: (line: StatementLine) => print(cellsOf(line)),
  };
  const { closing } = await read(url, account, period, writer, archives);
  balances("closing", to === undefined ? "" : formatMicroseconds(period.to), closing);
}

async function read(...asked: Parameters<typeof writeStatement>) {
  try {
    const found = await writeStatement(...asked);
    if (found) return found;
  } catch (error) {
    if (error instanceof JournalArchivedError) {
      throw new CliError("JOURNAL_ARCHIVED", `${error.message}, or begin later with --from`);
    }
    if (!(error instanceof JournalError)) throw error;
    throw new CliError("STATEMENT_DOES_NOT_ADD_UP", error.message);
  }
  throw new CliError("UNKNOWN_ACCOUNT", "there is no such account");
}

/** An account's number, or the house account of a ledger shard as `house.1`. */
function accountOrHouse(text: string): number {
  const [, shard] = /^house\.(\d{1,3})$/.exec(text) ?? [];
  return shard === undefined ? accountOf(text) : houseAccountOf(Number(shard));
}

/** Commas and quotes occur in keys only, which are visible characters. */
function inCsv(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellsOf(line: StatementLine): string[] {
  return COLUMNS.map((column) =>
    column === "time" ? formatMicroseconds(line.time) : String(line[column]),
  );
}
