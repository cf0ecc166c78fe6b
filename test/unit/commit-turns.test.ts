import { describe, expect, it } from "vitest";
import { type BeginCommit, CommitTurns } from "../../services/host/commit-turns.js";
import {
  COMMIT_IS_SLOW_MS,
  COMMIT_STEP_MS_MAX,
  COMMIT_TURN_MS_MAX,
  COMMITS_AT_ONCE,
  COMMITS_REMEMBERED_MS,
} from "../../services/host/limits.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** Commits by name, each of which ends when it is told to. */
class Commits {
  readonly clock = new ManualClock();
  readonly turns = new CommitTurns(this.clock);
  /** Names of the commits that have begun, in order. */
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();
  private readonly begins = new Map<string, BeginCommit>();

  ask(...names: string[]): void {
    for (const name of names) this.turns.take(this.beginOf(name));
  }

  /** One commit, from the asking for it to its end, that takes so long. */
  async take(name: string, tookMs: number): Promise<void> {
    this.ask(name);
    while (!this.ends.has(name)) this.clock.advance(1);
    this.clock.advance(tookMs);
    await this.end(name);
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)!();
    await Promise.resolve();
    await Promise.resolve();
  }

  private beginOf(name: string): BeginCommit {
    const known = this.begins.get(name);
    if (known) return known;
    const begin = () => {
      this.begun.push(name);
      return new Promise<void>((resolve) => this.ends.set(name, resolve));
    };
    this.begins.set(name, begin);
    return begin;
  }
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `actor ${at + 1}`);

describe("the turns of commits", () => {
  it("are few at a time, in the order in which they were asked for, each once", async () => {
    const commits = new Commits();
    const all = names(COMMITS_AT_ONCE + 2);
    commits.ask(...all, ...all);
    expect(commits.begun).toEqual(all.slice(0, COMMITS_AT_ONCE));
    await commits.end(all[0]!);
    expect(commits.begun).toEqual(all.slice(0, COMMITS_AT_ONCE + 1));
    await commits.end(all[1]!);
    expect(commits.begun).toEqual(all);
  });

  it("are asked for in the midst of work, and each time that is told", () => {
    const commits = new Commits();
    let told = 0;
    commits.turns.onWork(() => (told += 1));
    commits.ask(...names(COMMITS_AT_ONCE + 2));
    expect(told).toBe(COMMITS_AT_ONCE + 2);
  });

  it("pass over who has nothing to commit any more", () => {
    const commits = new Commits();
    for (let n = 0; n < COMMITS_AT_ONCE * 3; n++) commits.turns.take(() => null);
    commits.ask("last");
    expect(commits.begun).toEqual(["last"]);
  });

  it("go to the next when one hangs, and that one's end gives no second turn", async () => {
    const commits = new Commits();
    const all = names(COMMITS_AT_ONCE * 2 + 1);
    commits.ask(...all);
    commits.clock.advance(COMMIT_TURN_MS_MAX - 1);
    expect(commits.begun).toHaveLength(COMMITS_AT_ONCE);
    commits.clock.advance(1);
    expect(commits.begun).toHaveLength(COMMITS_AT_ONCE * 2);
    await commits.end(all[0]!);
    expect(commits.begun).toHaveLength(COMMITS_AT_ONCE * 2);
    await commits.end(all[COMMITS_AT_ONCE]!);
    expect(commits.begun).toEqual(all);
  });

  it("begin at steps, all together, while commits take long", async () => {
    const commits = new Commits();
    for (let n = 0; n < 30; n++) await commits.take(`slow ${n}`, COMMIT_IS_SLOW_MS * 2);
    const before = commits.begun.length;
    commits.clock.advance(COMMIT_STEP_MS_MAX - (commits.clock.now() % COMMIT_STEP_MS_MAX) + 3);
    commits.ask("one");
    commits.clock.advance(5);
    commits.ask("one", "two");
    commits.clock.advance(COMMIT_STEP_MS_MAX - 9);
    expect(commits.begun).toHaveLength(before);
    commits.clock.advance(1);
    expect(commits.begun.slice(before)).toEqual(["one", "two"]);
    await commits.end("one");
    await commits.end("two");
    // Nobody waits for longer than a step, however soon it comes.
    commits.clock.advance(COMMIT_STEP_MS_MAX - (commits.clock.now() % COMMIT_STEP_MS_MAX) - 2);
    commits.ask("late");
    commits.clock.advance(2);
    expect(commits.begun.at(-1)).toBe("late");
    // Who asks while one is under way is not of this step any more.
    commits.ask("three");
    await commits.end("late");
    expect(commits.begun).toHaveLength(before + 3);
    commits.clock.advance(COMMIT_STEP_MS_MAX);
    expect(commits.begun.at(-1)).toBe("three");
  });

  it("begin at once while commits are quick, after long quiet too", async () => {
    const commits = new Commits();
    for (let n = 0; n < 30; n++) await commits.take(`quick ${n}`, COMMIT_IS_SLOW_MS - 1);
    commits.ask("one");
    expect(commits.begun.at(-1)).toBe("one");
    commits.clock.advance(10 * COMMIT_STEP_MS_MAX);
    await commits.end("one");
    commits.ask("two");
    expect(commits.begun.at(-1)).toBe("one");
    commits.clock.advance(COMMITS_REMEMBERED_MS + COMMIT_STEP_MS_MAX);
    expect(commits.begun.at(-1)).toBe("two");
    await commits.end("two");
    commits.clock.advance(COMMITS_REMEMBERED_MS + 1);
    commits.ask("three");
    expect(commits.begun.at(-1)).toBe("three");
  });

  it("take one commit that took very long for no more than a step's", async () => {
    const commits = new Commits();
    await commits.take("frozen", 10_000);
    commits.ask("next");
    expect(commits.begun.at(-1)).toBe("next");
  });
});
