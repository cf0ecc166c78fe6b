/**
 * The audit: proves in SQL that nothing was made or lost (R7) and that no account's journal has a gap (R9), also while
 * trading goes on. Balances, marks, totals, live orders and books are read in one short snapshot (a long one would keep dead
 * versions of hot rows alive and slow the commits down); the rest is append-only and read as a prefix.
 */
import { performance } from "node:perf_hooks";
import pg from "pg";
import { checkInstances, instanceUrls, theOnlyInstance } from "../adapters/instances/instances.js";
import { EXACT_INTEGERS } from "../adapters/postgres/connections.js";
import { READERS_LOCK_KEY } from "../archive/tables.js";
import { wrongArchives } from "./archives.js";
import { misplacedActors, takeAcross } from "./crossing.js";
import { seeCrossedBooks } from "./crossed-books.js";
import { readLetters } from "./letters.js";
import { wrongRowArchives } from "./row-archives.js";
import { RULES, type Rule } from "./rules.js";
import { readPrefixes, takeSnapshot } from "./snapshot.js";

export interface Violation {
  readonly rule: string;
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

export interface AuditReport {
  /** Does every rule hold? */
  readonly ok: boolean;
  /** R7: does every rule of conservation hold? */
  readonly conserved: boolean;
  /** R9: places where an account's journal is not 1, 2, 3, … */
  readonly journalGaps: number;
  /** How many rows were looked at, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** How many rows break each rule. */
  readonly violations: Readonly<Record<string, number>>;
  readonly firstViolation: Violation | null;
  /** How long the one snapshot was open, in milliseconds. */
  readonly snapshotMs: number;
  readonly elapsedMs: number;
}

const COUNTS = `
  SELECT (SELECT count(*) FROM accounts)::integer AS accounts,
         (SELECT count(*) FROM seen_balances)::integer AS balances,
         (SELECT count(*) FROM orders)::integer AS orders,
         (SELECT count(*) FROM seen_orders)::integer AS live_orders,
         (SELECT count(*) FROM trades)::integer AS trades,
         (SELECT count(*) FROM seen_sides)::integer AS settled_sides,
         (SELECT count(*) FROM seen_journal)::integer AS journal,
         (SELECT count(*) FROM seen_deposits)::integer AS deposits,
         (SELECT count(*) FROM batch_log)::integer AS batches,
         (SELECT coalesce(sum(last_batch - first_batch + 1), 0) FROM archives)::bigint AS archived_batches,
         (SELECT coalesce(sum(journal_rows), 0) FROM archives)::bigint AS archived_journal,
         (SELECT coalesce(sum(rows), 0) FROM row_archives WHERE kind = 'trades')::bigint AS archived_trades,
         (SELECT coalesce(sum(rows), 0) FROM row_archives WHERE kind = 'orders')::bigint AS archived_orders`;

export interface AuditOptions {
  /** The folder of the archive files: they are read, too, and what was noted of them is compared with what they hold. */
  readonly archives?: string;
}

/** Audits the exchange in this database, or in these instances. Rejects when one cannot be read. */
export async function audit(
  postgresUrl: string,
  { archives }: AuditOptions = {},
): Promise<AuditReport> {
  if (archives !== undefined) await theOnlyInstance(postgresUrl, "audit --archives");
  const urls = instanceUrls(postgresUrl);
  await checkInstances(urls);
  const clients = urls.map(
    (url) =>
      new pg.Client({
        connectionString: url,
        application_name: "palisade-audit",
        types: EXACT_INTEGERS,
      }),
  );
  const started = performance.now();
  try {
    for (const client of clients) await client.connect();
    const report = await judge(clients, archives);
    return { ...report, elapsedMs: rounded(performance.now() - started) };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function judge(
  clients: readonly pg.Client[],
  archives: string | undefined,
): Promise<Omit<AuditReport, "elapsedMs">> {
  // Nothing is archived meanwhile: the prefixes are read in several statements.
  for (const client of clients) {
    await client.query("SELECT pg_advisory_lock_shared($1)", [READERS_LOCK_KEY]);
  }
  const snapshotMs = Math.max(...(await Promise.all(clients.map(takeSnapshot))));
  await readLetters(clients);
  await takeAcross(clients);
  for (const client of clients) {
    await readPrefixes(client);
    await seeCrossedBooks(client);
  }
  const violations: Record<string, number> = {};
  let firstViolation: Violation | null = null;
  for (const rule of RULES) {
    const found = await check(clients, rule);
    violations[rule.name] = found.count;
    if (found.first) firstViolation ??= { rule: rule.name, table: rule.table, row: found.first };
  }
  for (const [name, found] of Object.entries(await moreToJudge(clients, archives))) {
    violations[name] = found.length;
    if (found[0]) firstViolation ??= { rule: name, table: name, row: found[0] };
  }
  return {
    ok: firstViolation === null,
    conserved: RULES.every((rule) => !rule.conserves || violations[rule.name] === 0),
    journalGaps: violations.journalGaps ?? 0,
    rows: await count(clients),
    violations,
    firstViolation,
    snapshotMs: rounded(snapshotMs),
  };
}

/** What no rule in SQL says, by the table that it is about. */
async function moreToJudge(
  clients: readonly pg.Client[],
  archives: string | undefined,
): Promise<Readonly<Record<string, Violation["row"][]>>> {
  const [home] = clients;
  if (clients.length > 1) return { actor_instances: await misplacedActors(clients) };
  if (archives === undefined) return {};
  const files = await wrongArchives(home!, archives);
  return { archives: [...files, ...(await wrongRowArchives(home!, archives))] };
}

/** The rows that break a rule, on all instances: how many, and the first in the order of what names them. */
async function check(
  clients: readonly pg.Client[],
  rule: Rule,
): Promise<{ count: number; first: Violation["row"] | null }> {
  let count = 0;
  let first: Violation["row"] | null = null;
  for (const client of clients) {
    const { rows } = await client.query<{ count: number; first: Violation["row"] | null }>(
      `WITH broken AS MATERIALIZED (${rule.violations})
       SELECT (SELECT count(*)::integer FROM broken) AS count,
              (SELECT to_jsonb(b) FROM broken b ORDER BY b LIMIT 1) AS first`,
    );
    count += rows[0]!.count;
    first ??= rows[0]!.first;
  }
  return { count, first };
}

async function count(clients: readonly pg.Client[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const client of clients) {
    const { rows } = await client.query<Record<string, number>>(COUNTS);
    for (const [table, rowCount] of Object.entries(rows[0]!)) {
      counts[table] = (counts[table] ?? 0) + rowCount;
    }
  }
  return counts;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
