/**
 * Follows all keys under a prefix: by a watch, which tells at once, and by reading all of it again now and then. Each
 * break of the watch ends it, and the next one begins from a new reading: after a restore or a wipe etcd counts anew,
 * and a watch from a revision that it has yet to reach would be silent.
 */
import type { Etcd3, Watcher } from "etcd3";
import type { Clock } from "../../ports/clock.js";
import { sleep } from "../../ports/clock.js";
import { CALL_MS_MAX, keyRow, type LeaseKeys } from "./lease-keys.js";
import type { LeaseView } from "./lease-view.js";
import { within } from "./within.js";

const RETRY_AFTER_MS = 100;
/** A watch can go silent, so the whole view is read anew this often. */
const LIST_EVERY_MS = 2_000;

export class LeaseFollower {
  private readonly client: Etcd3;
  private readonly keys: LeaseKeys;
  private readonly prefix: string;
  private readonly view: LeaseView;
  private readonly clock: Clock;
  private watcher: Watcher | null = null;
  private wake: () => void = () => undefined;
  private stopped = false;

  constructor(
    client: Etcd3,
    {
      keys,
      prefix,
      view,
      clock,
    }: {
      readonly keys: LeaseKeys;
      readonly prefix: string;
      readonly view: LeaseView;
      readonly clock: Clock;
    },
  ) {
    this.client = client;
    this.keys = keys;
    this.prefix = prefix;
    this.view = view;
    this.clock = clock;
  }

  /** Reads everything anew; returns the revision it stood at. */
  async list(): Promise<number> {
    const knownBefore = this.view.revision;
    const { rows, revision } = await this.keys.all(this.prefix);
    this.view.replace(rows, revision, knownBefore);
    if (revision < knownBefore && this.watcher) this.cancel(this.watcher);
    return revision;
  }

  /** Follows until it is stopped. */
  async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        if (this.watcher) await this.list();
        else await this.watch();
        await this.pause();
      } catch {
        await sleep(this.clock, RETRY_AFTER_MS);
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const { watcher } = this;
    this.watcher = null;
    this.wake();
    // A server that is silent would be waited for without end.
    if (watcher) await within(this.clock, CALL_MS_MAX, watcher.cancel()).catch(() => undefined);
  }

  private async watch(): Promise<void> {
    const from = (await this.list()) + 1;
    if (this.stopped) return;
    const watcher = this.client.watch().prefix(this.prefix).startRevision(String(from)).watcher();
    this.watcher = watcher;
    watcher.on("put", (row) => this.view.put(keyRow(row)));
    watcher.on("delete", (row) => this.view.remove(row.key.toString(), Number(row.mod_revision)));
    watcher.on("connected", ({ header }) => {
      if (Number(header.revision) < from - 1) this.cancel(watcher);
    });
    watcher.on("disconnected", () => this.cancel(watcher));
    // The server has ended it, so there is nothing left to cancel.
    watcher.on("error", () => this.forget(watcher));
  }

  private cancel(watcher: Watcher): void {
    if (this.forget(watcher)) watcher.cancel().catch(() => undefined);
  }

  /** Takes nothing from a watch any more, and begins another; false: that was done before. */
  private forget(watcher: Watcher): boolean {
    if (this.watcher !== watcher) return false;
    watcher.removeAllListeners("put").removeAllListeners("delete");
    this.watcher = null;
    this.wake();
    return true;
  }

  /** Until the next reading falls due, or there is no watch any more. */
  private pause(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.watcher) return resolve();
      const cancel = this.clock.after(LIST_EVERY_MS, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
