/** A source that forgets nothing until its receivers have committed it, as a gateway's slot does (R4). */
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { connectNats, NatsLog } from "../../services/adapters/nats/index.js";
import { SystemClock } from "../../services/common/clock.js";
import type { TestCluster } from "./cluster.js";

const SLOT = 2;
const TOKEN = 1;
const LOOK_EVERY_MS = 50;
/** What was published and is not committed after so long is sent again. */
const RESEND_AFTER_MS = 300;

interface Sent {
  readonly first: number;
  readonly last: number;
  readonly frame: Uint8Array;
  sentAtMs: number;
}

interface Receiver {
  sent: number;
  readonly pending: Sent[];
  anchor: number;
}

export class ResendingSource {
  private readonly cluster: TestCluster;
  private readonly log: NatsLog;
  private readonly closeConnection: () => Promise<void>;
  private readonly receivers = new Map<string, Receiver>();
  private readonly looking: NodeJS.Timeout;
  private isLooking = false;

  private constructor(cluster: TestCluster, log: NatsLog, close: () => Promise<void>) {
    this.cluster = cluster;
    this.log = log;
    this.closeConnection = close;
    this.looking = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  static async start(cluster: TestCluster): Promise<ResendingSource> {
    const connection = await connectNats(cluster.servers.urls.nats, `slot-${SLOT}`);
    const log = await NatsLog.open(connection, new SystemClock());
    return new ResendingSource(cluster, log, () => connection.close());
  }

  /** Sends commands in one frame, and again until they are committed. */
  send(actorName: string, payloads: Uint8Array[]): void {
    const receiver = this.receivers.get(actorName) ?? { sent: 0, pending: [], anchor: 0 };
    this.receivers.set(actorName, receiver);
    const first = receiver.sent + 1;
    receiver.sent += payloads.length;
    const frame = encodeFrame(sourceOfSlot(SLOT), first, payloads);
    stampToken(frame, TOKEN);
    const sent = { first, last: receiver.sent, frame, sentAtMs: -Infinity };
    receiver.pending.push(sent);
    if (receiver.anchor > 0) this.publish(actorName, receiver.anchor, sent);
  }

  /** Frames that are not known to be committed. */
  get pending(): number {
    let pending = 0;
    for (const receiver of this.receivers.values()) pending += receiver.pending.length;
    return pending;
  }

  async stop(): Promise<void> {
    clearInterval(this.looking);
    await this.closeConnection();
  }

  private publish(actorName: string, anchor: number, sent: Sent): void {
    sent.sentAtMs = performance.now();
    this.log.publish(actorName, anchor, sent.frame).catch(() => undefined);
  }

  /** What is committed, and where the inboxes are, as Postgres has it. */
  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const rows = await this.cluster.rows<{ name: string; anchor: string; received: string }>(
        `SELECT name, anchor, coalesce(received, 0) AS received FROM actors
         LEFT JOIN links ON links.actor = actors.actor AND peer = ${sourceOfSlot(SLOT)}`,
      );
      for (const { name, anchor, received } of rows) {
        const receiver = this.receivers.get(name);
        if (receiver) this.goOn(name, receiver, Number(anchor), Number(received));
      }
    } catch {
      // The database is away for a moment: it is asked again.
    } finally {
      this.isLooking = false;
    }
  }

  private goOn(name: string, receiver: Receiver, anchor: number, received: number): void {
    while (receiver.pending[0] && receiver.pending[0].last <= received) receiver.pending.shift();
    const isMoved = receiver.anchor !== anchor;
    receiver.anchor = anchor;
    if (anchor === 0) return;
    const overdueMs = performance.now() - RESEND_AFTER_MS;
    const isOverdue = receiver.pending[0] && receiver.pending[0].sentAtMs < overdueMs;
    if (!isMoved && !isOverdue) return;
    for (const sent of receiver.pending) this.publish(name, anchor, sent);
  }
}
