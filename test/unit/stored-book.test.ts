import fc from "fast-check";
import { expect, it } from "vitest";
import { StoredBook } from "../../services/adapters/postgres/load-book.js";
import type { Row } from "../../services/ports/store.js";

const COLUMNS = ["order_id", "account", "side", "price", "leaves", "shown", "priority"] as const;

/** A row as PostgreSQL's binary COPY gives it, behind its number of columns. */
function bytesOf(row: Row): Buffer {
  const fields = COLUMNS.flatMap((column) => {
    const field = Buffer.alloc(12);
    field.writeInt32BE(8);
    field.writeBigInt64BE(BigInt(row[column] as number), 4);
    return field;
  });
  return Buffer.concat(fields);
}

async function givenOf(rows: readonly Row[]): Promise<Row[]> {
  const book = new StoredBook();
  for (const row of rows) book.add(bytesOf(row), 0);
  const given: Row[] = [];
  await book.give((page) => void given.push(...page));
  return given;
}

/** Rows with priorities of their own, in the order in which they lie. */
const lying = fc
  .array(fc.record({ side: fc.constantFrom(1, 2), price: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 60,
  })
  .chain((places) =>
    fc
      .shuffledSubarray(
        places.map((place, at) => ({
          order_id: 1_024 * (at + 1) + 1,
          account: 7,
          ...place,
          leaves: 5 + at,
          shown: 5,
          priority: at + 1,
        })),
        { minLength: places.length },
      )
      .map((rows): Row[] => rows),
  );

it("gives each row once, those of a price by priority and in the places where rows of it lie", async () => {
  await fc.assert(
    fc.asyncProperty(lying, async (rows) => {
      const given = await givenOf(rows);
      const placeOf = ({ side, price }: Row) => Number(side) * 10 + Number(price);
      expect(given.map(placeOf)).toEqual(rows.map(placeOf));
      for (const place of new Set(rows.map(placeOf))) {
        const here = rows.filter((row) => placeOf(row) === place);
        const byPriority = here.toSorted((a, b) => Number(a["priority"]) - Number(b["priority"]));
        expect(given.filter((row) => placeOf(row) === place)).toEqual(byPriority);
      }
    }),
  );
});

it("gives a book that lies by priority as it lies, however large", async () => {
  const rows = Array.from({ length: 5_000 }, (_, at) => ({
    order_id: 1_024 * (at + 1),
    account: 2 ** 40 + at,
    side: 1 + (at % 2),
    price: 100 + (at % 17),
    leaves: 10,
    shown: 10,
    priority: at + 1,
  }));
  expect(await givenOf(rows)).toEqual(rows);
});
