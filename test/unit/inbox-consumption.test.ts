/** A reader of an inbox that is told of trouble in the very moment in which it has begun begins again. */
import { expect, it } from "vitest";
import {
  type Consumer,
  type ConsumerTransport,
  InboxConsumption,
} from "../../services/adapters/nats/consumption.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** Where a few turns of the queue of promises are, from a consumer's making to the end of the attempt. */
const TURNS_MAX = 16;

/** Makes consumers, counts those that live, and loses and finds the connection so many turns after one was made. */
class Transport implements ConsumerTransport {
  readonly stream = "inbox";
  living = 0;
  private handlers = { lost: (): void => undefined, back: (): void => undefined };
  private readonly troubles: number[];

  constructor(...troubles: number[]) {
    this.troubles = troubles;
  }

  async consume(): Promise<Consumer> {
    this.living += 1;
    const turns = this.troubles.shift();
    if (turns !== undefined) void this.trouble(turns);
    let isLeft = false;
    const leave = (): void => {
      if (!isLeft) this.living -= 1;
      isLeft = true;
    };
    return { leave, forget: () => undefined };
  }

  /** Of the next consumer that is made. */
  troublesAfterNext(turns: number): void {
    this.troubles.push(turns);
  }

  async trouble(turns = 0): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    this.handlers.lost();
    this.handlers.back();
  }

  watch(handlers: { lost: () => void; back: () => void }): () => void {
    this.handlers = handlers;
    return () => undefined;
  }

  saysNothing(): boolean {
    return false;
  }

  async answers(): Promise<boolean> {
    return true;
  }
}

async function started(transport: Transport): Promise<InboxConsumption> {
  const nothing = (): void => undefined;
  const verify = async (): Promise<void> => undefined;
  const options = { verify, deliver: nothing, onLost: nothing };
  return InboxConsumption.start(transport, new ManualClock(), 1, options);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each(Array.from({ length: TURNS_MAX }, (_, turns) => turns))(
  "lives, and once, with trouble %i turns after it was made",
  async (turns) => {
    const first = new Transport(turns);
    const reader = await started(first);
    await settled();
    expect(first.living).toBe(1);
    reader.stop();

    const later = new Transport();
    const another = await started(later);
    later.troublesAfterNext(turns);
    await later.trouble();
    await settled();
    expect(later.living).toBe(1);
    another.stop();
    expect(later.living).toBe(0);
  },
);
