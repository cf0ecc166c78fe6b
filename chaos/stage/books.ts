/** Notes the books as they are stored, before something strikes: the judge compares them with what the log gives later. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { NOTED_BOOKS_FILE } from "../checker/noted-books.js";
import type { NotedBook } from "../checker/reprice.js";
import type { Scene } from "../scene.js";

export async function noteBooks(scene: Scene): Promise<void> {
  const books = await scene.query<NotedBook>(
    `SELECT actor, batch, coalesce((
       SELECT json_agg(json_build_object(
         'actor', actor, 'order_id', order_id, 'side', side, 'price', price, 'leaves', leaves))
       FROM book b WHERE b.actor = a.actor), '[]') AS orders
     FROM actors a WHERE kind = 'market' AND batch > 0`,
  );
  const lines = books.map((book) => `${JSON.stringify(book)}\n`);
  appendFileSync(join(scene.logs, NOTED_BOOKS_FILE), lines.join(""));
}
