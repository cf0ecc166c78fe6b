/** Archive files against what the database says of them: it is proved again from the files themselves (R1, R7, R9). */
import { join } from "node:path";
import type { Client } from "pg";
import { openArchive } from "../archive/file.js";
import { ArchiveError } from "../archive/format.js";
import { ArchiveSums, BEFORE_ALL } from "../archive/sums.js";
import { allArchives, type ArchiveRow } from "../archive/tables.js";

type WrongRow = Readonly<Record<string, unknown>>;

/** What is wrong with the files of a folder, at most one thing of each actor's. */
export async function wrongArchives(client: Client, folder: string): Promise<WrongRow[]> {
  const archives = await allArchives(client);
  const found: WrongRow[] = [];
  const sums = new Map<number, ArchiveSums>();
  const broken = new Set<number>();
  let previous: ArchiveRow | undefined;
  for (const archive of archives) {
    const { actor, file } = archive;
    if (previous?.actor !== actor) previous = undefined;
    const of = sums.get(actor) ?? new ArchiveSums(BEFORE_ALL);
    sums.set(actor, of);
    const wrong = broken.has(actor) ? null : await wrongIn(folder, archive, previous, of);
    if (wrong) found.push({ actor, file, wrong });
    if (wrong) broken.add(actor);
    previous = archive;
  }
  if (found.length > 0) return found;
  return [...(await wrongAccounts(client, sums)), ...(await wrongBalances(client, sums))];
}

async function wrongIn(
  folder: string,
  { actor, file, sha256, first, end, journalRows }: ArchiveRow,
  previous: ArchiveRow | undefined,
  sums: ArchiveSums,
): Promise<string | null> {
  const rowsBefore = sums.journalRows;
  try {
    const { head, batches } = await openArchive(join(folder, file), sha256);
    if (head.actor !== actor) return "it is another actor's";
    if (head.previous !== (previous?.sha256 ?? "")) return "it follows another file";
    if (first !== sums.end.batch + 1) return `it is said to begin with batch ${first}`;
    for await (const batch of batches) {
      const wrong = sums.take(batch);
      if (wrong) return wrong;
    }
  } catch (error) {
    if (error instanceof ArchiveError) return error.message;
    throw error;
  }
  const isSame = Object.entries(end).every(
    ([name, value]) => sums.end[name as keyof typeof end] === value,
  );
  if (!isSame)
    return `it ends with ${JSON.stringify(sums.end)}, and is said to with ${JSON.stringify(end)}`;
  const rows = sums.journalRows - rowsBefore;
  return rows === journalRows
    ? null
    : `it has ${rows} journal rows, and is said to have ${journalRows}`;
}

async function wrongAccounts(
  client: Client,
  sums: ReadonlyMap<number, ArchiveSums>,
): Promise<WrongRow[]> {
  const { rows } = await client.query<{
    actor: number;
    account: number;
    sequence: number;
    counted: string;
  }>("SELECT actor, account, sequence, counted FROM archived_accounts");
  const expected = new Map<number, string>();
  for (const { sequences, counted } of sums.values()) {
    for (const [account, sequence] of sequences) {
      expected.set(account, accountText(sequence, counted.get(account)!));
    }
  }
  const found: WrongRow[] = [];
  for (const { actor, account, sequence, counted } of rows) {
    const inTable = accountText(sequence, counted);
    const inFiles = expected.get(account) ?? "nothing";
    expected.delete(account);
    if (inFiles !== inTable) found.push({ actor, account, inTable, inFiles });
  }
  for (const [account, inFiles] of expected) found.push({ account, inTable: "nothing", inFiles });
  return found;
}

async function wrongBalances(
  client: Client,
  sums: ReadonlyMap<number, ArchiveSums>,
): Promise<WrongRow[]> {
  const { rows } = await client.query<Record<"account" | "asset" | "total" | "held", number>>(
    "SELECT account, asset, total, held FROM archived_balances",
  );
  const stored = new Map(
    rows.map((row) => [`${row.account}/${row.asset}`, `${row.total}, held ${row.held}`]),
  );
  const found: WrongRow[] = [];
  for (const { balances } of sums.values()) {
    for (const [account, assets] of balances) {
      for (const [asset, { total, held }] of assets) {
        const key = `${account}/${asset}`;
        const inFiles = `${total}, held ${held}`;
        const inTable = stored.get(key) ?? "nothing";
        stored.delete(key);
        if (inTable !== inFiles) found.push({ account, asset, inTable, inFiles });
      }
    }
  }
  for (const [key, inTable] of stored) {
    const [account, asset] = key.split("/").map(Number);
    found.push({ account, asset, inTable, inFiles: "nothing" });
  }
  return found;
}

function accountText(sequence: number, counted: string): string {
  return counted === "" ? `number ${sequence}` : `number ${sequence}, counted ${counted}`;
}
