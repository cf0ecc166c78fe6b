import { describe, expect, it } from "vitest";
import { type BeginCommit, CommitTurns } from "../../services/host/commit-turns.js";
import {
  COMMIT_IS_SLOW_MS,
  COMMIT_STEP_MS_MAX,
  COMMIT_TURN_MS_MAX,
  COMMITS_REMEMBERED_MS,
} from "../../services/host/limits.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** Commits by name, each of which ends when it is told to. */
class Commits {
  readonly clock = new ManualClock();
  /** The rows of actors below ten are on the one server, those of the others on another. */
  readonly turns = new CommitTurns(this.clock, { instanceOf: (actor) => (actor < 10 ? 0 : 1) });
  /** Names of the commits that have begun, in order. */
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();
  private readonly begins = new Map<string, BeginCommit>();

  /** All in one turn of the event loop, and on to the next, in which they begin if they may. */
  async ask(...names: string[]): Promise<void> {
    for (const name of names) this.turns.take(1, this.beginOf(name));
    await nextTurn();
  }

  async askElsewhere(name: string): Promise<void> {
    this.turns.take(10, this.beginOf(name));
    await nextTurn();
  }

  /** One commit, from the asking for it to its end, that takes so long. */
  async take(name: string, tookMs: number): Promise<void> {
    await this.ask(name);
    while (!this.ends.has(name)) this.clock.advance(1);
    this.clock.advance(tookMs);
    await this.end(name);
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)!();
    await nextTurn();
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

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const names = (count: number) => Array.from({ length: count }, (_, at) => `actor ${at + 1}`);

describe("the turns of commits", () => {
  it("are of all that ask in one turn of the event loop, each once", async () => {
    const commits = new Commits();
    const all = names(5);
    await commits.ask(...all, ...all);
    expect(commits.begun).toEqual(all);
  });

  it("come after each other, and whoever asks meanwhile has the next one with the others", async () => {
    const commits = new Commits();
    await commits.ask("one", "two");
    await commits.ask("three");
    await commits.ask("four");
    await commits.end("one");
    expect(commits.begun).toEqual(["one", "two"]);
    await commits.ask("one");
    await commits.end("two");
    expect(commits.begun).toEqual(["one", "two", "three", "four", "one"]);
  });

  it("are asked for and begun in the midst of work, and each time that is told", async () => {
    const commits = new Commits();
    let told = 0;
    commits.turns.onWork(() => (told += 1));
    await commits.ask(...names(4));
    expect(told).toBe(8);
  });

  it("pass over who has nothing to commit any more", async () => {
    const commits = new Commits();
    for (let n = 0; n < 3; n++) commits.turns.take(1, () => null);
    await commits.ask("last");
    expect(commits.begun).toEqual(["last"]);
    commits.turns.take(1, () => null);
    await commits.end("last");
    await commits.ask("another");
    expect(commits.begun.at(-1)).toBe("another");
  });

  it("go to the next when one hangs, and that one's end gives no second turn", async () => {
    const commits = new Commits();
    await commits.ask("hangs");
    await commits.ask("second");
    commits.clock.advance(COMMIT_TURN_MS_MAX - 1);
    expect(commits.begun).toEqual(["hangs"]);
    commits.clock.advance(1);
    expect(commits.begun).toEqual(["hangs", "second"]);
    await commits.ask("third");
    await commits.end("hangs");
    expect(commits.begun).toEqual(["hangs", "second"]);
    await commits.end("second");
    expect(commits.begun).toEqual(["hangs", "second", "third"]);
  });

  it("at one server are not held up by a commit that hangs at another", async () => {
    const commits = new Commits();
    let told = 0;
    commits.turns.onWork(() => (told += 1));
    await commits.ask("hangs");
    await commits.askElsewhere("one");
    await commits.ask("waits");
    await commits.end("one");
    await commits.askElsewhere("two");
    expect(commits.begun).toEqual(["hangs", "one", "two"]);
    expect(told).toBe(7);
  });

  it("begin at steps, all together, while commits take long", async () => {
    const commits = new Commits();
    for (let n = 0; n < 30; n++) await commits.take(`slow ${n}`, COMMIT_IS_SLOW_MS * 2);
    const before = commits.begun.length;
    commits.clock.advance(COMMIT_STEP_MS_MAX - (commits.clock.now() % COMMIT_STEP_MS_MAX) + 3);
    await commits.ask("one");
    commits.clock.advance(5);
    await commits.ask("one", "two");
    commits.clock.advance(COMMIT_STEP_MS_MAX - 9);
    expect(commits.begun).toHaveLength(before);
    commits.clock.advance(1);
    expect(commits.begun.slice(before)).toEqual(["one", "two"]);
    await commits.end("one");
    await commits.end("two");
    // Nobody waits for longer than a step, however soon it comes.
    commits.clock.advance(COMMIT_STEP_MS_MAX - (commits.clock.now() % COMMIT_STEP_MS_MAX) - 2);
    await commits.ask("late");
    commits.clock.advance(2);
    expect(commits.begun.at(-1)).toBe("late");
    // Who asks while one is under way is not of this step any more.
    await commits.ask("three");
    await commits.end("late");
    expect(commits.begun).toHaveLength(before + 3);
    commits.clock.advance(COMMIT_STEP_MS_MAX);
    expect(commits.begun.at(-1)).toBe("three");
  });

  it("begin at once while commits are quick, after long quiet too", async () => {
    const commits = new Commits();
    for (let n = 0; n < 30; n++) await commits.take(`quick ${n}`, COMMIT_IS_SLOW_MS - 1);
    await commits.ask("one");
    expect(commits.begun.at(-1)).toBe("one");
    commits.clock.advance(10 * COMMIT_STEP_MS_MAX);
    await commits.end("one");
    await commits.ask("two");
    expect(commits.begun.at(-1)).toBe("one");
    commits.clock.advance(COMMITS_REMEMBERED_MS + COMMIT_STEP_MS_MAX);
    expect(commits.begun.at(-1)).toBe("two");
    await commits.end("two");
    commits.clock.advance(COMMITS_REMEMBERED_MS + 1);
    await commits.ask("three");
    expect(commits.begun.at(-1)).toBe("three");
  });

  it("take one commit that took very long for no more than a step's", async () => {
    const commits = new Commits();
    await commits.take("frozen", 10_000);
    await commits.ask("next");
    expect(commits.begun.at(-1)).toBe("next");
  });
});
