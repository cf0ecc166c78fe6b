/**
 * An inbox that is read before its actor is led here: the successor of a planned move begins while its predecessor still
 * leads, so that nobody waits for a consumer afterwards. It is read from where Postgres said that it was applied, and what
 * comes is kept. The leader goes on from it, if the stream is the one of the raised row and holds what that names at its
 * position (R5). Else it is of no use, and the leader begins by itself.
 */
import type { Consumption, Log, LogMessage } from "../ports/log.js";
import type { HostDependencies } from "./dependencies.js";
import { checkStream, type InboxPosition } from "./inbox-identity.js";
import { EARLY_INBOX_BYTES_MAX, EARLY_INBOX_MS_MAX } from "./limits.js";

type Reader = Parameters<Log["consume"]>[3];

export class EarlyInbox {
  private readonly deps: HostDependencies;
  private readonly begun: Promise<void>;
  private readonly endWaiting: () => void;
  /** Behind what it began: as the row had it then. */
  private from: InboxPosition | null = null;
  private kept: LogMessage[] = [];
  private keptBytes = 0;
  private consumption: Consumption | null = null;
  private reader: Reader | null = null;
  private stopped = false;

  constructor(deps: HostDependencies, actor: number) {
    this.deps = deps;
    deps.earlyInboxes.add(this);
    this.endWaiting = deps.clock.after(EARLY_INBOX_MS_MAX, () => this.stop());
    this.begun = this.begin(actor).catch((error: unknown) => {
      deps.logger.info({ error: String(error) }, "an inbox could not be read early");
      this.stop();
    });
  }

  /** What it keeps, unread. */
  get bytes(): number {
    return this.keptBytes;
  }

  /** Hands what comes behind a position to a reader, from now on. Null: it cannot, and nothing is read here any more. */
  async take(position: InboxPosition, reader: Reader): Promise<Consumption | null> {
    await this.begun;
    const { consumption } = this;
    if (this.stopped || !consumption || !this.holds(position)) {
      this.stop();
      return null;
    }
    this.endWaiting();
    this.reader = reader;
    const rest = this.kept.filter(({ sequence }) => sequence > position.position);
    this.forget();
    for (const message of rest) reader.deliver(message);
    return consumption;
  }

  stop(): void {
    this.stopped = true;
    this.endWaiting();
    this.consumption?.stop();
    this.forget();
  }

  private forget(): void {
    this.kept = [];
    this.keptBytes = 0;
    this.deps.earlyInboxes.delete(this);
  }

  private async begin(actor: number): Promise<void> {
    const { store, log } = this.deps;
    const record = await store.record(actor);
    if (!record || record.anchor === 0 || this.stopped) return;
    const { name, anchor, streamCreated: created, position, positionStored } = record;
    const from = { anchor, created, position, positionStored };
    this.from = from;
    const consumption = await log.consume(name, anchor, position + 1, {
      deliver: (message) => this.deliver(message),
      verify: () => this.reader?.verify() ?? checkStream(log, name, this.last(from)),
      onLost: (error) => {
        if (this.reader) this.reader.onLost(error);
        else this.stop();
      },
    });
    if (this.stopped) consumption.stop();
    else this.consumption = consumption;
  }

  private deliver(message: LogMessage): void {
    if (this.reader) return this.reader.deliver(message);
    if (this.stopped) return;
    this.kept.push(message);
    this.keptBytes += message.data.length;
    if (this.keptBytes > EARLY_INBOX_BYTES_MAX) this.stop();
  }

  /** The last message that it has seen of the stream. */
  private last(from: InboxPosition): InboxPosition {
    const message = this.kept.at(-1);
    if (!message) return from;
    return { ...from, position: message.sequence, positionStored: message.stored };
  }

  /** Has it seen what is at a position, and is that what should be there? */
  private holds({ anchor, created, position, positionStored }: InboxPosition): boolean {
    const { from, kept } = this;
    if (!from || from.anchor !== anchor || from.created !== created) return false;
    if (from.position === position) return from.positionStored === positionStored;
    return kept.find(({ sequence }) => sequence === position)?.stored === positionStored;
  }
}
