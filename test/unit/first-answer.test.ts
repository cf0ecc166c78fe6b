/** Which errors say that a server is only not there, so that a process that starts waits for it. */
import { ErrorCode, NatsError } from "nats";
import { describe, expect, it } from "vitest";
import { isAway } from "../../services/common/first-answer.js";

function withCode(code: string, message = "said"): Error {
  return Object.assign(new Error(message), { code });
}

describe("a server is away", () => {
  it.each([
    ["nobody listens", withCode("ECONNREFUSED")],
    [
      "neither at ::1 nor at 127.0.0.1",
      Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }),
    ],
    ["its name is not known yet", withCode("ENOTFOUND")],
    ["PostgreSQL starts", withCode("57P03", "the database system is starting up")],
    ["PostgreSQL has no connection left", withCode("53300")],
    ["PostgreSQL says nothing", new Error("timeout expired")],
    ["PostgreSQL goes away", new Error("Connection terminated unexpectedly")],
    ["NATS refuses", new NatsError("refused", ErrorCode.ConnectionRefused)],
    ["JetStream has no leader yet", new NatsError("503", ErrorCode.NoResponders)],
  ])("when %s", (_, error) => expect(isAway(error)).toBe(true));

  it.each([
    ["the password is wrong", withCode("28P01")],
    ["the database does not exist", withCode("3D000")],
    ["nothing has been migrated", withCode("42P01")],
    ["NATS lets nobody in", new NatsError("no", ErrorCode.AuthorizationViolation)],
    ["the instances are another exchange's", new Error("INSTANCE_FOREIGN: of another exchange")],
    ["nothing was thrown", undefined],
  ])("but not when %s", (_, error) => expect(isAway(error)).toBe(false));
});
