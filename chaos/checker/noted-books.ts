/** Books that were noted while an exchange ran, a file beside the clients' logs: a line of JSON for each book. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NotedBook } from "./reprice.js";

export const NOTED_BOOKS_FILE = "books.ndjson";

/** None where nobody has noted any. */
export function readNotedBooks(folder: string): NotedBook[] {
  const file = join(folder, NOTED_BOOKS_FILE);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as NotedBook);
}
