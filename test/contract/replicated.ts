import { expect, vi } from "vitest";
import type { TestDatabase } from "./postgres.js";

const PATIENCE = { timeout: 5_000 };

/**
 * Does something while PostgreSQL waits for a synchronous standby that never comes. `waiting` gives the backends that have
 * committed and wait for it.
 */
export async function replicated(
  database: TestDatabase,
  work: (waiting: () => Promise<unknown[]>) => Promise<void>,
): Promise<void> {
  const waiting = async () => {
    const text = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    return (await database.query(text)).map(({ pid }) => pid);
  };
  await database.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  try {
    await database.query("SELECT pg_reload_conf()");
    // The server takes it in some time later: from when on somebody else's commit waits.
    await vi.waitFor(async () => {
      database.query("UPDATE actors SET holder = '' WHERE actor = 2").catch(() => undefined);
      expect(await waiting()).not.toEqual([]);
    }, PATIENCE);
    await work(waiting);
  } finally {
    await database.query("ALTER SYSTEM RESET synchronous_standby_names");
    await database.query("SELECT pg_reload_conf()");
  }
}
