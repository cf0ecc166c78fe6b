/** Books that were noted while an exchange ran, a file beside the clients' logs: a line of JSON for each book. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "./lines.js";
import type { NotedBook } from "./reprice.js";

export const NOTED_BOOKS_FILE = "books.ndjson";

/** The file in a folder, plain or compressed; null where nobody has noted any. */
export function notedBooksFile(folder: string): string | null {
  const files = [join(folder, NOTED_BOOKS_FILE), join(folder, `${NOTED_BOOKS_FILE}.gz`)];
  return files.find((file) => existsSync(file)) ?? null;
}

export async function readNotedBooks(folder: string): Promise<NotedBook[]> {
  const file = notedBooksFile(folder);
  const books: NotedBook[] = [];
  if (file === null) return books;
  for await (const line of linesOf(file)) books.push(JSON.parse(line) as NotedBook);
  return books;
}
