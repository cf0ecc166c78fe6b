import { describe, expect, it } from "vitest";
import { MarketPhase } from "../../proto/gen/exchange/v1/exchange.js";
import { scheduleOf } from "../../services/cli/market.js";
import { drainStuck } from "../../services/cli/place.js";
import {
  formatPercent,
  orderTypeOf,
  parseBeginning,
  parsePastTime,
  parsePercent,
  parseSeconds,
  parseTime,
  selfTradePreventionOf,
  sideOf,
  timeInForceOf,
} from "../../services/cli/words.js";

describe("words of the command line", () => {
  it("are the interface's, and any other is answered with what is allowed", () => {
    expect([sideOf("buy"), sideOf("sell")]).toEqual([1, 2]);
    expect(["limit", "market", "stop", "stop-limit"].map(orderTypeOf)).toEqual([1, 2, 3, 4]);
    expect(["gtc", "ioc", "day", "gtd", "fok", "open", "close"].map(timeInForceOf)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(["none", "newest", "oldest", "both", "decrement"].map(selfTradePreventionOf)).toEqual([
      0, 1, 2, 3, 4,
    ]);
    expect(() => sideOf("long")).toThrow('INVALID_SIDE: the side is "long"; it is buy or sell');
    expect(() => orderTypeOf("toString")).toThrow("limit, market, stop or stop-limit");
    expect(() => timeInForceOf("GTC")).toThrow("gtc, ioc, fok, day, gtd, open or close");
    expect(() => selfTradePreventionOf("")).toThrow("none, newest, oldest, both or decrement");
  });

  it("name what a drain waits for, one or several", () => {
    expect(drainStuck("node-1", ["market.2330%2ETW"]).message).toBe(
      "DRAIN_STUCK: node-1 still leads market.2330.TW: none has left in 60 s. It stays drained; undrain takes that back",
    );
    const several = drainStuck("node-1", ["ledger.1", "ledger.2"]).message;
    expect(several).toContain("ledger.1, ledger.2: none has left in 60 s");
  });

  it("say how long", () => {
    expect(["60s", "5m", "2h", "1d"].map((text) => parseSeconds(text, "halt"))).toEqual([
      60, 300, 7_200, 86_400,
    ]);
    for (const text of ["", "60", "1.5m", "-5s", "5 m"]) {
      expect(() => parseSeconds(text, "halt")).toThrow("it is like 60s, 5m, 2h or 1d");
    }
  });

  it("say when, after now or with a zone", () => {
    const now = 1_700_000_000_000_000;
    expect(parseTime("+10m", now, "expiry")).toBe(now + 600_000_000);
    expect(parseTime("2026-01-31T13:30:00Z", now, "expiry")).toBe(1_769_866_200_000_000);
    expect(parseTime("2026-01-31T21:30:00+08:00", now, "expiry")).toBe(1_769_866_200_000_000);
    for (const text of ["", "10m", "2026-01-31", "2026-01-31T13:30:00", "2026-13-31T13:30:00Z"]) {
      expect(() => parseTime(text, now, "expiry"), text).toThrow("NOT_A_TIME");
    }
  });

  it("say when something was, before now, at a date's midnight or with a zone", () => {
    const now = 1_800_000_000_000_000;
    expect(parsePastTime("10m", now, "end")).toBe(now - 600_000_000);
    expect(parsePastTime("2026-01-31", now, "end")).toBe(1_769_817_600_000_000);
    expect(parsePastTime("2026-01-31T13:30:00Z", now, "end")).toBe(1_769_866_200_000_000);
    expect(parsePastTime("2026-01-31T13:30:00.12345Z", now, "end")).toBe(1_769_866_200_123_450);
    expect(parsePastTime("99999d", now, "end")).toBe(0);
    expect(parsePastTime("2028-02-29", now, "end")).toBe(1_835_395_200_000_000);
    const malformed = ["", "+10m", "10", "2026-13-31", "2026-01-31T13:30:00"];
    const noDays = ["2026-02-31", "2026-02-29", "2026-04-31T13:30:00Z", "2026-00-01", "2026-01-00"];
    for (const text of [...malformed, ...noDays]) {
      expect(() => parsePastTime(text, now, "end"), text).toThrow(/NOT_A_TIME: the end .* 1d \(so/);
    }
    expect(parseBeginning("1d", now)).toBe(now - 86_400_000_000);
    expect(() => parseBeginning("2099-01-31", now)).toThrow(
      "BEGINNING_IN_THE_FUTURE: the beginning is 2099-01-31T00:00:00.000Z, and it is 2027-01-15T08:00:00.000Z now",
    );
  });

  it("say which part of a price", () => {
    const parts = ["20%", "0.5%", "2.05%", "100%", "off"];
    expect(parts.map((text) => parsePercent(text, "band"))).toEqual([2_000, 50, 205, 10_000, 0]);
    expect([2_000, 50, 205, 0].map(formatPercent)).toEqual(["20%", "0.5%", "2.05%", "off"]);
    for (const text of ["20", "0%", "101%", "0.001%", "-1%", "all"]) {
      expect(() => parsePercent(text, "band"), text).toThrow("0.01% to 100%");
    }
  });
});

describe("a schedule's file", () => {
  it("has a time and a phase in each line, and remarks", () => {
    const text = "# tomorrow\n2026-01-31T01:00:00Z pre-open\n\n+1h, opening-auction # and then\n";
    expect(scheduleOf(text, 5)).toEqual([
      { time: 1_769_821_200_000_000, phase: MarketPhase.MARKET_PHASE_PRE_OPEN },
      { time: 3_600_000_005, phase: MarketPhase.MARKET_PHASE_OPENING_AUCTION },
    ]);
    expect(scheduleOf("", 5)).toEqual([]);
  });

  it("says in which line something is wrong", () => {
    expect(() => scheduleOf("+1h closed\n+2h\n", 5)).toThrow(
      "NOT_A_SCHEDULE: in line 2 stand 1 words, not a time and a phase",
    );
    expect(() => scheduleOf("+1h lunch", 5)).toThrow(
      /UNKNOWN_PHASE: the phase in line 1 is "lunch"; it is continuous, .* or closed/,
    );
    expect(() => scheduleOf("noon closed", 5)).toThrow('NOT_A_TIME: the time in line 1 is "noon"');
  });
});
