/** Notes when NATS stored which command in which inbox, for as long as it watches: a reader more of every inbox. */
import {
  connect,
  consumerOpts,
  type JetStreamSubscription,
  type JsMsg,
  type NatsConnection,
} from "nats";
import type { Scene } from "../../chaos/scene.js";
import { decodeFrame } from "../../actors/kernel/frame.js";
import { subjectName } from "../../services/adapters/nats/names.js";

const NANOSECONDS_PER_MICROSECOND = 1_000;

/** A command, by whose inbox it came to and who sent it. */
export function commandKey(actor: number, source: number, token: number, number: number): string {
  return `${actor}/${source}/${token}/${number}`;
}

export class InboxWatch {
  /** When each command was stored first, in microseconds since 1970. */
  readonly stored = new Map<string, number>();
  private readonly connection: NatsConnection;
  private readonly subscriptions: JetStreamSubscription[] = [];

  private constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  /** Resolves when it hears of everything that comes. */
  static async start(scene: Scene): Promise<InboxWatch> {
    const inboxes = await scene.query<{ actor: number; name: string; anchor: number }>(
      "SELECT actor, name, anchor FROM actors WHERE anchor > 0",
    );
    const connection = await connect({ servers: scene.exchange.urls.nats.split(",") });
    const watch = new InboxWatch(connection);
    for (const { actor, name, anchor } of inboxes) {
      await watch.follow(actor, subjectName(name, anchor));
    }
    return watch;
  }

  async stop(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    await this.connection.close();
  }

  private async follow(actor: number, subject: string): Promise<void> {
    const options = consumerOpts();
    options.orderedConsumer();
    options.deliverNew();
    options.callback((_, message) => {
      if (message) this.note(actor, message);
    });
    this.subscriptions.push(await this.connection.jetstream().subscribe(subject, options));
  }

  private note(actor: number, { data, info }: JsMsg): void {
    const at = Math.round(info.timestampNanos / NANOSECONDS_PER_MICROSECOND);
    const { source, token, first, commands } = decodeFrame(data);
    for (let number = first; number < first + commands.length; number++) {
      const key = commandKey(actor, source, token, number);
      if (!this.stored.has(key)) this.stored.set(key, at);
    }
  }
}
