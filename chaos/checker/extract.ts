/** The rows that a check needs, as files: one per table, a row of JSON per line, compressed. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { linesOf, writeLines } from "./lines.js";
import { type Source, type TableName, type Tables, TABLES } from "./tables.js";

const PAGE_ROWS = 5_000;

const fileOf = (folder: string, table: TableName): string => join(folder, `${table}.jsonl.gz`);

/** Rows that were extracted before. */
export class Extract implements Source {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Writes all rows into a folder; what is there is replaced. */
  static async write(source: Source, folder: string): Promise<void> {
    mkdirSync(folder, { recursive: true });
    for (const table of Object.keys(TABLES) as TableName[]) {
      await writeLines(fileOf(folder, table), linesFrom(source, table));
    }
  }

  async *pages<Name extends TableName>(table: Name): AsyncIterable<readonly Tables[Name][]> {
    let page: Tables[Name][] = [];
    for await (const line of linesOf(fileOf(this.folder, table))) {
      page.push(JSON.parse(line) as Tables[Name]);
      if (page.length < PAGE_ROWS) continue;
      yield page;
      page = [];
    }
    yield page;
  }
}

async function* linesFrom(source: Source, table: TableName): AsyncIterable<string> {
  for await (const page of source.pages(table)) for (const row of page) yield JSON.stringify(row);
}
