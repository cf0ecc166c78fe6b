/**
 * One drill at a time at a running exchange: what one has done for a while another would take for how things were. The turn
 * is a key in the exchange's etcd under a lease of its drill, so that it ends with the drill, however that ends. No node
 * reads it.
 */
import { hostname } from "node:os";
import { Etcd3, type Lease } from "etcd3";
import { CALL_MS_MAX } from "../../services/adapters/etcd/lease-keys.js";
import { within } from "../../services/adapters/etcd/within.js";
import { CliError } from "../../services/cli/cli-error.js";
import { SystemClock } from "../../services/common/clock.js";
import { every } from "../../services/ports/clock.js";

const KEY = "/palisade-drill/turn";
/** As long as others wait for a drill that was killed. */
const LEASE_TTL_SECONDS = 10;
const MS_PER_SECOND = 1_000;
/** How soon a drill sees that it has the turn no longer. */
const LOOK_EVERY_MS = 1_000;
const LOST = "TURN_LOST: it has the turn no longer, and another drill may strike";
const clock = new SystemClock();

export class Turn {
  private readonly client: Etcd3;
  private readonly lease: Lease;
  private readonly lost = new AbortController();
  private stopLooking: () => void = () => undefined;

  private constructor(client: Etcd3, lease: Lease) {
    this.client = client;
    this.lease = lease;
    // That comes after twice the lease, and not at all where nobody answers: so it is looked at (`keep`).
    lease.on("lost", () => undefined);
  }

  /** Aborted, with the reason, when others may have the turn. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  /** `drill`: its name. Throws `CliError` while another one has the turn, or etcd does not answer. */
  static async take(etcdUrl: string, drill: string): Promise<Turn> {
    const client = new Etcd3({ hosts: hostOf(etcdUrl) });
    const lease = client.lease(LEASE_TTL_SECONDS);
    const turn = new Turn(client, lease);
    try {
      const leaseId = await within(clock, CALL_MS_MAX, lease.grant());
      const mine = `${drill} (process ${process.pid} on ${hostname()})`;
      const claim = client
        .if(KEY, "Create", "==", 0)
        .then(client.put(KEY).value(mine).lease(leaseId))
        .else(client.get(KEY));
      const { succeeded, responses } = await within(clock, CALL_MS_MAX, claim.commit());
      if (succeeded) return turn.keep(leaseId);
      throw running(responses[0]?.response_range?.kvs[0]?.value.toString() ?? "another drill");
    } catch (error) {
      await turn.leave();
      throw error instanceof CliError ? error : unavailable(etcdUrl, error as Error);
    }
  }

  /** Why it cannot be had now, as `take` would say it; null: it can. Throws `CliError` when etcd does not answer. */
  static async refusal(etcdUrl: string): Promise<CliError | null> {
    const client = new Etcd3({ hosts: hostOf(etcdUrl) });
    try {
      const other = await within(clock, CALL_MS_MAX, client.get(KEY).string());
      return other === null ? null : running(other);
    } catch (error) {
      throw unavailable(etcdUrl, error as Error);
    } finally {
      client.close();
    }
  }

  /** A process that stood still for longer than its lease, or whose etcd was wiped, finds out when it goes on. */
  private keep(leaseId: string): Turn {
    let heldAtMs = clock.now();
    this.stopLooking = every(clock, LOOK_EVERY_MS, () => {
      const askedAtMs = clock.now();
      if (askedAtMs - heldAtMs > LEASE_TTL_SECONDS * MS_PER_SECOND) this.lost.abort(LOST);
      within(clock, CALL_MS_MAX, this.client.get(KEY).exec()).then(
        ({ kvs }) => {
          if (kvs[0]?.lease !== leaseId) this.lost.abort(LOST);
          heldAtMs = askedAtMs;
        },
        // For as long as its lease the turn is its own.
        () => undefined,
      );
    });
    return this;
  }

  async leave(): Promise<void> {
    this.stopLooking();
    // It ends by itself.
    await within(clock, CALL_MS_MAX, this.lease.revoke()).catch(() => undefined);
    this.client.close();
  }
}

/** The client takes a slash at the end for a part of the address. */
function hostOf(etcdUrl: string): string {
  return etcdUrl.replace(/\/$/, "");
}

function running(other: string): CliError {
  return new CliError(
    "DRILL_RUNNING",
    `${other} strikes this exchange now, or was killed less than ${LEASE_TTL_SECONDS} s ago; two at once would take each other's ` +
      `doing for how things were. Wait for it, or end it by Ctrl-C; of one that was killed the turn ends by itself after ${LEASE_TTL_SECONDS} s`,
  );
}

function unavailable(etcdUrl: string, { message }: Error): CliError {
  return new CliError(
    "ETCD_UNAVAILABLE",
    `etcd does not answer at ${etcdUrl} (${message}), which says whose turn it is`,
  );
}
