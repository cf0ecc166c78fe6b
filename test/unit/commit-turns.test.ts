import { describe, expect, it } from "vitest";
import { type BeginCommit, CommitTurns } from "../../services/host/commit-turns.js";
import {
  COMMIT_REST_MS_MAX,
  COMMIT_TURN_MS_MAX,
  COMMITS_AT_ONCE,
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

  it("leave an actor a rest as long as its commit took, up to a limit, and none after long quiet", async () => {
    const commits = new Commits();
    commits.ask("quick", "slow");
    commits.clock.advance(2);
    await commits.end("quick");
    commits.ask("quick", "quick");
    commits.clock.advance(1);
    expect(commits.begun).toEqual(["quick", "slow"]);
    commits.clock.advance(1);
    expect(commits.begun).toEqual(["quick", "slow", "quick"]);

    commits.clock.advance(100);
    await commits.end("slow");
    commits.ask("slow");
    commits.clock.advance(COMMIT_REST_MS_MAX - 1);
    expect(commits.begun).toHaveLength(3);
    commits.clock.advance(1);
    expect(commits.begun).toHaveLength(4);
    await commits.end("slow");
    commits.clock.advance(COMMIT_REST_MS_MAX);
    commits.ask("slow");
    expect(commits.begun).toHaveLength(5);
  });
});
