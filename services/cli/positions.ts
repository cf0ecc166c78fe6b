/** `positions`: what an account's trades have come to, market by market, as its journal says it, and what it has of each base asset. */
import { JournalError } from "../audit/account-journal.js";
import { JournalArchivedError } from "../audit/journal-reader.js";
import { type PositionLine, readPositions } from "../audit/positions.js";
import { accountOf } from "./accounts.js";
import { CliError } from "./cli-error.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { printJson, printTable } from "./output.js";

const HEAD = [
  "symbol",
  "quantity",
  "available",
  "held",
  "average",
  "cost",
  "realised",
  "fees",
  "fills",
];

export interface PositionsOptions extends DatabaseOptions {
  readonly json?: boolean;
  readonly archives?: string;
}

export async function positions(account: string, options: PositionsOptions): Promise<void> {
  const number = accountOf(account);
  await onDatabase(options, async (url) => {
    const found = await read(url, number, options.archives);
    if (options.json) return printJson({ account: number, positions: found });
    const rows = found.map((line) => {
      const { symbol, quantity, available, held, averagePrice, cost, realised, fees, fills } = line;
      return [symbol, quantity, available, held, averagePrice, cost, realised, fees, fills];
    });
    printTable([HEAD, ...rows], "no trades");
  });
}

async function read(
  url: string,
  account: number,
  archives: string | undefined,
): Promise<PositionLine[]> {
  try {
    const found = await readPositions(url, account, archives);
    if (found) return found;
  } catch (error) {
    if (error instanceof JournalArchivedError) {
      throw new CliError("JOURNAL_ARCHIVED", error.message);
    }
    if (!(error instanceof JournalError)) throw error;
    throw new CliError("JOURNAL_UNREADABLE", error.message);
  }
  throw new CliError("UNKNOWN_ACCOUNT", "there is no such account; open it first");
}
