/** Reading and publishing as hosts and sources do, for the tests of the log's contract. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, vi } from "vitest";
import { checkStream } from "../../services/host/inbox-identity.js";
import { type Log, type LogMessage, LogRefusedError } from "../../services/ports/log.js";

export const ANCHOR = 1;
export const PATIENCE = { timeout: 30_000, interval: 10 };
/** Long enough for what must not come to have come. */
export const QUIET_MS = 300;

/** Reads an inbox as a host does, and notes all that happens. */
export class Reader {
  readonly messages: LogMessage[] = [];
  readonly lost: Error[] = [];
  /** How many messages had been delivered at each verification. */
  readonly verifiedAt: number[] = [];
  private stopReading: () => void = () => undefined;
  private readonly log: Log;
  private readonly name: string;

  /** The message behind which it began, as a host's position names it. */
  private readonly begun: LogMessage | null;

  private constructor(log: Log, name: string, begun: LogMessage | null) {
    this.log = log;
    this.name = name;
    this.begun = begun;
  }

  static async start(log: Log, name: string, from = 1): Promise<Reader> {
    const reader = new Reader(log, name, from > 1 ? await log.read(name, ANCHOR, from - 1) : null);
    const created = (await log.identify(name, ANCHOR))!.created;
    const consumption = await log.consume(name, ANCHOR, from, {
      deliver: (message) => reader.messages.push(message),
      verify: () => reader.verify(created),
      onLost: (error) => reader.lost.push(error),
    });
    reader.stopReading = () => consumption.stop();
    onTestFinished(() => consumption.stop());
    return reader;
  }

  stop(): void {
    this.stopReading();
  }

  get texts(): string[] {
    return this.messages.map(({ data }) => textOf(data));
  }

  get sequences(): number[] {
    return this.messages.map(({ sequence }) => sequence);
  }

  async until(count: number): Promise<void> {
    await vi.waitFor(() => expect(this.messages.length).toBeGreaterThanOrEqual(count), PATIENCE);
  }

  async untilLost(): Promise<void> {
    await vi.waitFor(() => expect(this.lost.length).toBeGreaterThan(0), PATIENCE);
  }

  private async verify(created: string): Promise<void> {
    const last = this.messages.at(-1) ?? this.begun;
    await checkStream(this.log, this.name, {
      anchor: ANCHOR,
      created,
      position: last?.sequence ?? 0,
      positionStored: last?.stored ?? "",
    });
    this.verifiedAt.push(this.messages.length);
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

export function countTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

export async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogRefusedError);
  return (error as LogRefusedError).reason;
}

/** Publishes under way at once; sends again what was not taken, as a source does. */
export async function publishAll(log: Log, name: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    while (!(await log.publish(name, ANCHOR, bytesOf(text)).then(yes, no))) await sleep(10);
  }
}

export const yes = (): boolean => true;
export const no = (): boolean => false;
