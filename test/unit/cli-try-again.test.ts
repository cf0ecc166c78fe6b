import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { CliError } from "../../services/cli/cli-error.js";
import { namingTheKey } from "../../services/cli/try-again.js";
import { ExchangeError } from "../../services/client/exchange-error.js";
import { noLeader } from "../../services/gateway/refusal.js";

const failing = (error: Error) => namingTheKey("--key", "k-1", () => Promise.reject(error));

it("names the key under which to ask again where it is not known what became of it, or nothing was done", async () => {
  const unknown = { code: "OUTCOME_UNKNOWN", message: "no answer", kind: "unknown" } as const;
  await expect(
    failing(new ExchangeError({ ...unknown, grpcStatus: status.DEADLINE_EXCEEDED })),
  ).rejects.toThrow(
    new CliError("OUTCOME_UNKNOWN", "no answer; it may have been done; try again with --key k-1"),
  );
  await expect(failing(ExchangeError.from(noLeader("ledger.1").toServiceError()))).rejects.toThrow(
    "NO_LEADER: nobody leads ledger.1 now; nothing was done; " +
      "try again in a moment, under the same key or id; try again with --key k-1",
  );
});

it("leaves what is refused for good, what is no answer of the exchange, and what is done, as it is", async () => {
  const final = { code: "UNKNOWN_ACCOUNT", message: "there is none", kind: "final" } as const;
  const refused = new ExchangeError({ ...final, grpcStatus: status.NOT_FOUND });
  await expect(failing(refused)).rejects.toBe(refused);
  const bug = new Error("bug");
  await expect(failing(bug)).rejects.toBe(bug);
  expect(await namingTheKey("--id", "k-1", async () => 7)).toBe(7);
});
