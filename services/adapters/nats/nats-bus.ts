/** The bus on plain NATS: messages that may be lost. */
import type { NatsConnection } from "nats";
import type { Bus } from "../../ports/log.js";
import { watchConnection } from "./connection.js";

const ROUND_TRIP_MS_MAX = 500;

/** A question to the server that is not answered yet; everybody who asks meanwhile waits for the same answer. */
interface Ping {
  readonly answered: Promise<void>;
  readonly giveUp: (reason: Error) => void;
}

export class NatsBus implements Bus {
  private readonly connection: NatsConnection;
  private ping: Ping | null = null;
  private away = false;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    watchConnection(connection, { lost: () => this.lost(), back: () => (this.away = false) });
    void connection.closed().then(() => this.lost());
  }

  publish(subject: string, data: Uint8Array): void {
    if (!this.connection.isClosed()) this.connection.publish(subject, data);
  }

  subscribe(subject: string, handler: (data: Uint8Array, subject: string) => void): () => void {
    const subscription = this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) handler(message.data, message.subject);
      },
    });
    return () => subscription.unsubscribe();
  }

  onReconnect(handler: () => void): () => void {
    return watchConnection(this.connection, { lost: () => undefined, back: handler });
  }

  /** Rejects at once while the connection is away, and after half a second without an answer. */
  async roundTrip(): Promise<void> {
    if (this.away) throw new Error("there is no connection to NATS");
    this.ping ??= this.ask();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const message = `NATS has not answered for ${ROUND_TRIP_MS_MAX} ms`;
      timer = setTimeout(() => reject(new Error(message)), ROUND_TRIP_MS_MAX);
    });
    try {
      await Promise.race([this.ping.answered, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  private ask(): Ping {
    let giveUp!: Ping["giveUp"];
    const answered = new Promise<void>((resolve, reject) => {
      giveUp = reject;
      this.connection.flush().then(resolve, reject);
    });
    const ping = { answered, giveUp };
    const over = (): void => {
      if (this.ping === ping) this.ping = null;
    };
    answered.then(over, over);
    return ping;
  }

  private lost(): void {
    this.away = true;
    this.ping?.giveUp(new Error("the connection to NATS broke before there was an answer"));
    this.ping = null;
  }
}
