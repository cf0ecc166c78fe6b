import { Metadata, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { codeText } from "../../services/gateway/code-text.js";
import { Refusal } from "../../services/gateway/refusal.js";
import { Session } from "../../services/gateway/session.js";

function sessionOf(accounts?: string, role?: string): Session {
  const metadata = new Metadata();
  if (role !== undefined) metadata.set("palisade-role", role);
  if (accounts !== undefined) metadata.set("palisade-accounts", accounts);
  return Session.of(metadata);
}

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "none";
}

describe("a session", () => {
  it("acts for its accounts only; 0 is the only one", () => {
    const session = sessionOf("5");
    expect(session.account(0)).toBe(5);
    expect(session.account(5)).toBe(5);
    expect(codeOf(() => session.account(6))).toBe("ACCOUNT_NOT_IN_SESSION");
    expect(codeOf(() => session.requireAll("this"))).toBe("OPERATORS_ONLY");
  });

  it("of several accounts or of all needs each call to name one", () => {
    expect(codeOf(() => sessionOf("5,6").account(0))).toBe("ACCOUNT_MISSING");
    expect(codeOf(() => sessionOf("*").account(0))).toBe("ACCOUNT_MISSING");
    expect(sessionOf("5,6").account(6)).toBe(6);
    expect(sessionOf("*").account(123)).toBe(123);
    expect(sessionOf("*").isForAll).toBe(true);
  });

  it("that is read-only sees its accounts, or all, and does nothing", () => {
    for (const accounts of ["5", "*"]) {
      const session = sessionOf(accounts, "read-only");
      expect(session.account(5)).toBe(5);
      expect(codeOf(() => session.acting(5))).toBe("READ_ONLY");
      expect(codeOf(() => session.requireAll("this"))).toBe("READ_ONLY");
    }
    expect(sessionOf("5", "trader").acting(0)).toBe(5);
    expect(sessionOf("5").acting(0)).toBe(5);
    expect(codeOf(() => sessionOf("5").acting(6))).toBe("ACCOUNT_NOT_IN_SESSION");
    expect(codeOf(() => sessionOf("5", "admin"))).toBe("SESSION_MALFORMED");
  });

  it.each([-1, 1.5, 2 ** 48 + 1, Number.NaN])("has no account %d", (account) => {
    expect(codeOf(() => sessionOf("*").account(account))).toBe("ACCOUNT_INVALID");
  });

  it("is refused without accounts, and with what are none", () => {
    expect(codeOf(() => sessionOf())).toBe("SESSION_MISSING");
    expect(codeOf(() => sessionOf(""))).toBe("SESSION_MISSING");
    for (const text of ["a", "1,", "0", "-4", "1;2", "1.5"]) {
      expect(codeOf(() => sessionOf(text))).toBe("SESSION_MALFORMED");
    }
  });
});

describe("a refusal", () => {
  it("becomes an error with its code and when to try again", () => {
    const error = new Refusal(status.UNAVAILABLE, "NO_LEADER", "nobody", 200).toServiceError();
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: "nobody" });
    expect(error.metadata.getMap()).toEqual({
      "palisade-code": "NO_LEADER",
      "palisade-retry-ms": "200",
    });
  });

  it("has a sentence for every code", () => {
    for (const code of Object.values(Code)) {
      expect(codeText(code).length > 0).toBe(code !== Code.OK);
    }
  });
});
