import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CliError } from "../../services/cli/cli-error.js";
import { namingTheKey, untilAnswered } from "../../services/cli/try-again.js";
import { ExchangeError } from "../../services/client/exchange-error.js";
import { noLeader, outcomeUnknown } from "../../services/gateway/refusal.js";

const NO_LEADER = ExchangeError.from(noLeader("ledger.1").toServiceError());
const UNKNOWN = ExchangeError.from(outcomeUnknown().toServiceError());
const FINAL = new ExchangeError({
  code: "UNKNOWN_ACCOUNT",
  message: "there is none",
  grpcStatus: status.NOT_FOUND,
  kind: "final",
});
const BROKEN = new ExchangeError({
  code: "UNAVAILABLE",
  message: "read ECONNRESET",
  grpcStatus: status.UNAVAILABLE,
  kind: "unknown",
});
const REFUSED = new ExchangeError({
  code: "UNAVAILABLE",
  message: "connect ECONNREFUSED",
  grpcStatus: status.UNAVAILABLE,
  kind: "not-published",
});

const failing = (error: Error) => namingTheKey("--key", "k-1", () => Promise.reject(error));

/** Fails with one after the other, the last of them for ever; without a last one it succeeds then. */
function trying(failures: readonly Error[], last?: Error) {
  const left = [...failures];
  return untilAnswered("--id", "k-1", async () => {
    const error = left.shift() ?? last;
    if (error) throw error;
    return 7;
  });
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("what is asked for once", () => {
  it("is named where it is not known what became of it, or nothing was done, and that is said once", async () => {
    await expect(failing(UNKNOWN)).rejects.toThrow(
      new CliError(
        "OUTCOME_UNKNOWN",
        "there was no answer in time; it may have been done; try again with --key k-1",
      ),
    );
    await expect(failing(BROKEN)).rejects.toThrow(
      "UNAVAILABLE: read ECONNRESET; it may have been done; try again with --key k-1",
    );
    await expect(failing(NO_LEADER)).rejects.toThrow(
      "NO_LEADER: no leader of ledger.1 is heard now; nothing was done; try again with --key k-1",
    );
    await expect(failing(REFUSED)).rejects.toThrow(
      "UNAVAILABLE: connect ECONNREFUSED; nothing was done; try again with --key k-1",
    );
  });

  it("is as it was where it is refused for good, has no answer of the exchange, or is done", async () => {
    await expect(failing(FINAL)).rejects.toBe(FINAL);
    const bug = new Error("bug");
    await expect(failing(bug)).rejects.toBe(bug);
    expect(await namingTheKey("--id", "k-1", async () => 7)).toBe(7);
  });

  it("is named when it is interrupted, and no longer than it waits", async () => {
    const before = process.listeners("SIGINT");
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await namingTheKey("--key", "k-1", async () => {
      const [listener] = process.listeners("SIGINT").filter((each) => !before.includes(each));
      listener!("SIGINT");
    });
    expect(told.mock.calls).toEqual([
      ["interrupted; it may have been done; try again with --key k-1\n"],
    ]);
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    expect(process.listeners("SIGINT")).toEqual(before);
  });
});

describe("what is asked for until it is answered", () => {
  it("is doubtful after a try without an answer, and not after one that was never taken", async () => {
    expect(await trying([])).toEqual({ result: 7, isDoubtful: false });
    expect(await trying([REFUSED, NO_LEADER])).toEqual({ result: 7, isDoubtful: false });
    expect(await trying([REFUSED, UNKNOWN, NO_LEADER])).toEqual({ result: 7, isDoubtful: true });
  });

  it("may have been done if any try had no answer, whatever the last one says", async () => {
    vi.useFakeTimers();
    const ended = async (asked: Promise<unknown>): Promise<unknown> => {
      const caught = asked.catch((error: unknown) => error);
      await vi.runAllTimersAsync();
      return caught;
    };
    const broken = "UNAVAILABLE: read ECONNRESET; it may have been done; try again with --id k-1";
    for (const last of [REFUSED, NO_LEADER]) {
      expect(await ended(trying([BROKEN, UNKNOWN], last))).toMatchObject({ message: broken });
    }
    expect(await ended(trying([NO_LEADER], REFUSED))).toMatchObject({
      message: "UNAVAILABLE: connect ECONNREFUSED; nothing was done; try again with --id k-1",
    });
    expect(await ended(trying([REFUSED], FINAL))).toBe(FINAL);
    expect(await ended(trying([BROKEN], FINAL))).toMatchObject({
      message:
        "UNKNOWN_ACCOUNT: there is none; a try before had no answer, and may have been taken; try again with --id k-1",
    });
  });
});
