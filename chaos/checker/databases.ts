/** The rows of an exchange on several PostgreSQL instances, as those of one: each actor's are on one of them. */
import { Database } from "./database.js";
import type { Source, TableName, Tables } from "./tables.js";

/** What the venue has is at home, the first; the others have copies. */
const AT_HOME: readonly TableName[] = ["instruments"];

export class Databases implements Source {
  private readonly all: readonly Database[];

  private constructor(all: readonly Database[]) {
    this.all = all;
  }

  /** `urls` has commas between them. Rejects as `Database.connect` does. */
  static async connect(urls: string): Promise<Databases> {
    const all: Database[] = [];
    try {
      for (const url of urls.split(",")) all.push(await Database.connect(url));
      return new Databases(all);
    } catch (error) {
      await new Databases(all).close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((each) => each.close()));
  }

  /** In the order of each instance; no actor or account has rows in two. */
  async *pages<Name extends TableName>(table: Name): AsyncIterable<readonly Tables[Name][]> {
    const those = AT_HOME.includes(table) ? this.all.slice(0, 1) : this.all;
    for (const each of those) yield* each.pages(table);
  }
}
