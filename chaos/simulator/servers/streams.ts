/** The streams of NATS in memory: one for each inbox and anchor, with messages that are numbered and stamped. */

export interface StoredMessage {
  readonly sequence: number;
  readonly stored: string;
  readonly data: Uint8Array;
}

/** Somebody to whom a stream's messages are pushed. */
export interface Consumer {
  next: number;
  readonly push: (message: StoredMessage) => void;
}

/** What one inbox may hold, and what a message costs beside its bytes. */
const STREAM_BYTES_MAX = 67_108_864;
const MESSAGE_OVERHEAD_BYTES = 60;

export class Stream {
  readonly actorName: string;
  readonly anchor: number;
  readonly created: string;
  bytesMax = STREAM_BYTES_MAX;
  /** False: the server that has it is gone, while others answer. */
  isInReach = true;
  readonly consumers = new Set<Consumer>();
  private messages: StoredMessage[] = [];
  private first = 1;
  private bytes = 0;

  constructor(actorName: string, anchor: number, created: string) {
    this.actorName = actorName;
    this.anchor = anchor;
    this.created = created;
  }

  get firstSequence(): number {
    return this.first;
  }

  get lastSequence(): number {
    return this.first + this.messages.length - 1;
  }

  hasRoomFor(data: Uint8Array): boolean {
    return this.bytes + data.length + MESSAGE_OVERHEAD_BYTES <= this.bytesMax;
  }

  append(stored: string, data: Uint8Array): StoredMessage {
    const message = { sequence: this.lastSequence + 1, stored, data };
    this.messages.push(message);
    this.bytes += data.length + MESSAGE_OVERHEAD_BYTES;
    for (const consumer of this.consumers) this.feed(consumer);
    return message;
  }

  read(sequence: number): StoredMessage | undefined {
    return this.messages[sequence - this.first];
  }

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.feed(consumer);
  }

  /** Pushes what is there and was not pushed yet. */
  feed(consumer: Consumer): void {
    // One that was to begin before the first message begins with that.
    if (consumer.next < this.first) consumer.next = this.first;
    for (let message = this.read(consumer.next); message; message = this.read(consumer.next)) {
      consumer.next += 1;
      consumer.push(message);
    }
  }

  /** Forgets what is below a sequence. */
  trim(below: number): void {
    const count = Math.min(Math.max(below - this.first, 0), this.messages.length);
    this.drop(this.messages.splice(0, count));
    this.first += count;
  }

  /** Forgets the last messages. Gives how many there were. */
  loseTail(messages: number): number {
    const lost = this.messages.splice(Math.max(0, this.messages.length - messages));
    this.drop(lost);
    return lost.length;
  }

  /** The same stream as it is now, without those who read it. */
  copy(): Stream {
    const copy = new Stream(this.actorName, this.anchor, this.created);
    copy.bytesMax = this.bytesMax;
    copy.messages = [...this.messages];
    copy.first = this.first;
    copy.bytes = this.bytes;
    return copy;
  }

  private drop(messages: readonly StoredMessage[]): void {
    for (const { data } of messages) this.bytes -= data.length + MESSAGE_OVERHEAD_BYTES;
  }
}
