/**
 * Several commits in one transaction: their statements follow each other, and nothing but the Sync behind the last one ends
 * it (PostgreSQL's documentation, "Message Flow", "Pipelining"). Each is fenced by itself, so one that the fence lets nothing of through
 * takes nothing from the others. They share a write to the server, its waking up, and the flush to its disk.
 */
import type pg from "pg";
import type { CommitStatement } from "./commit-statement.js";
import type { CommitAnswer } from "./commits.js";

/** What each connection has prepared, by name. */
const prepared = new WeakMap<pg.Connection, Set<string>>();

export class CommitGroup implements pg.Submittable {
  private readonly statements: readonly CommitStatement[];
  private readonly answers: CommitAnswer[] = [];
  /** How many the server has been through: when it refuses one, its place. */
  private completed = 0;
  /** In the order of the statements. Rejects when any of them is refused, and when nobody knows. */
  readonly done: Promise<readonly CommitAnswer[]>;
  /** Called once with the end; the client calls it too, when the answer takes too long. */
  callback!: (error: unknown) => void;

  constructor(statements: readonly CommitStatement[]) {
    this.statements = statements;
    this.done = new Promise((resolve, reject) => {
      this.callback = (error) => (error ? reject(error) : resolve(this.answers));
    });
    // Whoever could not even send it does not wait for what the client says of it later.
    this.done.catch(() => undefined);
  }

  /** Which of them was refused, when the server has refused one; behind the last: all together. */
  get refusedAt(): number {
    return this.completed;
  }

  /** All of it in one write. */
  submit(connection: pg.Connection): void {
    connection.stream.cork();
    try {
      for (const statement of this.statements) send(connection, statement);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleDataRow({ fields }: { readonly fields: readonly string[] }): void {
    this.answers.push({ now: Number(fields[0]), fence: Number(fields[1]) });
  }

  handleCommandComplete(): void {
    this.completed += 1;
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleError(error: unknown): void {
    this.callback(error);
  }
}

function send(connection: pg.Connection, { name, text, values }: CommitStatement): void {
  let names = prepared.get(connection);
  if (!names) prepared.set(connection, (names = new Set()));
  if (!names.has(name)) {
    names.add(name);
    connection.parse({ name, text, types: [] }, true);
  }
  connection.bind({ statement: name, values: values.map(written) }, true);
  connection.execute({ portal: "" }, true);
}

/** Bytes go as they are, all else as text. */
function written(value: CommitStatement["values"][number]): string | Buffer | null {
  if (value === null || value instanceof Buffer) return value;
  if (typeof value === "object") return Buffer.from(value.buffer, value.byteOffset, value.length);
  return String(value);
}
