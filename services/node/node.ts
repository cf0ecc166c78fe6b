/** A node: a host for every actor, and the decision which of them should lead. */
import type { Logger } from "pino";
import type { ActorRecord } from "../ports/store.js";
import type { HostDependencies } from "../host/dependencies.js";
import { Host } from "../host/host.js";
import {
  JOIN_GRACE_MS,
  MOVE_EVERY_MS,
  PLACE_EVERY_MS,
  POLL_ACTORS_EVERY_MS,
  SETTLED_AFTER_MS,
} from "./limits.js";
import { Placement, type View } from "./placement.js";

export class Node {
  private readonly deps: HostDependencies;
  private readonly logger: Logger;
  private readonly placement: Placement;
  private readonly hosts = new Map<string, Host>();
  private readonly firstSeenMs = new Map<string, number>();
  private readonly cleanups: (() => void)[] = [];
  private joinedAtMs = 0;
  private movedAtMs = 0;
  private moving = false;
  private closed = false;

  constructor(deps: HostDependencies) {
    this.deps = deps;
    this.logger = deps.logger;
    this.placement = new Placement(deps.node);
  }

  async start(): Promise<void> {
    this.learn(await this.deps.store.actors());
    this.cleanups.push(
      this.deps.leases.onChange(() => this.place()),
      this.deps.leases.onLost((reason) => this.logger.warn({ reason }, "the lease is lost")),
    );
    await this.deps.leases.join(this.deps.node, "{}");
    this.joinedAtMs = this.deps.clock.now();
    this.repeat(POLL_ACTORS_EVERY_MS, async () => this.learn(await this.deps.store.actors()));
    this.repeat(PLACE_EVERY_MS, async () => this.place());
  }

  /** What this node leads: actor name to token. */
  leading(): Record<string, number> {
    const names: Record<string, number> = {};
    for (const host of this.hosts.values()) if (host.token > 0) names[host.name] = host.token;
    return names;
  }

  /** Hosts that an operator must look at. */
  stopped(): string[] {
    return [...this.hosts.values()].filter((host) => host.state === "stopped").map((h) => h.name);
  }

  /** Gives up everything in good order. */
  async close(): Promise<void> {
    this.closed = true;
    for (const cleanup of this.cleanups) cleanup();
    await Promise.all([...this.hosts.values()].map((host) => host.drain("the node is stopping")));
    await this.deps.leases.close();
  }

  private learn(records: readonly ActorRecord[]): void {
    this.deps.directory.learn(records);
    for (const { id, name } of records) {
      if (!this.hosts.has(name)) this.hosts.set(name, new Host(this.deps, id, name));
    }
  }

  private place(): void {
    if (this.closed) return;
    const view = this.view();
    if (view.nowMs - this.joinedAtMs < JOIN_GRACE_MS || !view.nodes.has(this.deps.node)) return;
    for (const host of this.hosts.values()) {
      this.placement.observe(host.name, view);
      if (["idle", "released", "fenced"].includes(host.state)) {
        if (this.placement.shouldClaim(host.name, view)) host.claim("it has no leader");
      } else if (host.state === "leading" && host.stateAgeMs >= SETTLED_AFTER_MS) {
        this.reconsider(host, view);
      }
    }
  }

  /** A leader whose key is gone (etcd forgot it) asks for it again; one that was replaced lets go. */
  private reconsider(host: Host, view: View): void {
    const holder = view.leaderOf(host.name);
    if (holder === undefined) {
      this.deps.leases
        .claim(host.name)
        .catch((error: unknown) => this.logger.warn({ error: String(error) }, "no key"));
    } else if (holder !== this.deps.node) {
      this.move(host, `${holder} holds the key`);
    } else if (this.placement.shouldMove(host.name, view)) {
      this.move(host, "a node that is placed better is alive");
    }
  }

  /** One planned move at a time, so that a node that joins does not stop everything at once. */
  private move(host: Host, reason: string): void {
    const now = this.deps.clock.now();
    if (this.moving || now - this.movedAtMs < MOVE_EVERY_MS) return;
    this.moving = true;
    this.movedAtMs = now;
    // While etcd does not answer nobody could take over: whoever leads goes on.
    this.deps.leases
      .claim(host.name)
      .then(() => host.drain(reason))
      .catch((error: unknown) => this.logger.warn({ error: String(error) }, "a move failed"))
      .finally(() => {
        this.moving = false;
      });
  }

  private view(): View {
    const nowMs = this.deps.clock.now();
    const alive = this.deps.leases.nodes();
    for (const node of this.firstSeenMs.keys()) if (!alive.has(node)) this.firstSeenMs.delete(node);
    for (const node of alive.keys()) {
      if (!this.firstSeenMs.has(node)) this.firstSeenMs.set(node, nowMs);
    }
    const leaders = this.deps.leases.leaders();
    return { nowMs, nodes: this.firstSeenMs, leaderOf: (name) => leaders.get(name)?.node };
  }

  private repeat(intervalMs: number, task: () => Promise<void>): void {
    let cancel = (): void => undefined;
    const again = (): void => {
      cancel = this.deps.clock.after(intervalMs, () => {
        task()
          .catch((error: unknown) => this.logger.warn({ error: String(error) }, "a task failed"))
          .finally(() => {
            if (!this.closed) again();
          });
      });
    };
    again();
    this.cleanups.push(() => cancel());
  }
}
