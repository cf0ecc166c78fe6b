/** Looks at the memory of an exchange's processes again and again, for as long as orders are sent to it. */
import { type Growth, growthOf, type Sample } from "./growth.js";
import type { Memory } from "./memory.js";
import type { Onlooker } from "./phase.js";

const BYTES_PER_MIB = 1_048_576;

interface Look {
  /** Sent by then. */
  readonly orders: number;
  readonly memory: ReadonlyMap<string, Memory>;
}

export class MemoryWatch implements Onlooker {
  private readonly memory: () => ReadonlyMap<string, Memory>;
  private readonly everyMs: number;
  private readonly looks: Look[] = [];
  private timer: NodeJS.Timeout | undefined;
  private sent = () => 0;

  constructor(memory: () => ReadonlyMap<string, Memory>, everyMs: number) {
    this.memory = memory;
    this.everyMs = everyMs;
  }

  begin(sent: () => number): void {
    this.sent = sent;
    this.look();
    this.timer = setInterval(() => this.look(), this.everyMs);
  }

  end(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.look();
  }

  get start(): Record<string, number> {
    return rssOf(this.looks[0]);
  }

  get last(): Record<string, number> {
    return rssOf(this.looks.at(-1));
  }

  /** `fillsUpToMib`: what a process holds when its caches are full. */
  growth(fillsUpToMib: (name: string) => number): Record<string, Growth | null> {
    const names = [...(this.looks[0]?.memory.keys() ?? [])];
    return Object.fromEntries(
      names.map((name) => [name, growthOf(this.samplesOf(name), fillsUpToMib(name))]),
    );
  }

  samplesOf(name: string): Sample[] {
    return this.looks.flatMap(({ orders, memory }) => {
      const its = memory.get(name);
      return its ? [{ orders, mib: inMib(its.anonymousBytes) }] : [];
    });
  }

  private look(): void {
    this.looks.push({ orders: this.sent(), memory: this.memory() });
  }
}

function rssOf(look: Look | undefined): Record<string, number> {
  const memory = [...(look?.memory ?? [])];
  return Object.fromEntries(memory.map(([name, { rssBytes }]) => [name, inMib(rssBytes)]));
}

function inMib(bytes: number): number {
  return Math.round((bytes / BYTES_PER_MIB) * 10) / 10;
}
