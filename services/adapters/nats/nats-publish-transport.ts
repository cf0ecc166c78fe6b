/** Publishing to JetStream, each frame with an answer. */
import { ErrorCode, type JetStreamClient, type NatsConnection, NatsError } from "nats";
import { LogRefusedError } from "../../ports/log.js";
import { watchConnection } from "./connection.js";
import { subjectName } from "./names.js";
import { PUBLISH_MS_MAX, type PublishTransport } from "./publisher.js";

/** What the server says of a stream, a machine or a store that is full. */
const FULL = [10_077, 10_047, 10_028, 10_023];
const NO_RESPONDERS: string = ErrorCode.NoResponders;

export class NatsPublishTransport implements PublishTransport {
  private readonly connection: NatsConnection;
  private readonly client: JetStreamClient;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    this.client = connection.jetstream({ timeout: PUBLISH_MS_MAX });
  }

  async send(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    try {
      await this.client.publish(subjectName(actorName, anchor), frame);
    } catch (error) {
      throw refusal(error);
    }
  }

  watch(handlers: Parameters<PublishTransport["watch"]>[0]): void {
    watchConnection(this.connection, handlers);
    void this.connection.closed().then(handlers.lost);
  }
}

function refusal(error: unknown): LogRefusedError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
  if (code !== undefined) {
    return new LogRefusedError(FULL.includes(code) ? "full" : "unavailable", `${code}: ${message}`);
  }
  // Nobody listens on the subject: there is no such stream, or no JetStream.
  if (error instanceof NatsError && error.code === NO_RESPONDERS) {
    return new LogRefusedError("no-stream", message);
  }
  return new LogRefusedError("unavailable", message);
}
