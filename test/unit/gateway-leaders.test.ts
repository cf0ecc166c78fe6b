import { pino } from "pino";
import { expect, it } from "vitest";
import { encodeAnnouncement } from "../../actors/kernel/event-frame.js";
import { Leaders } from "../../services/gateway/leaders.js";
import { NO_LEADER_AFTER_MS } from "../../services/gateway/limits.js";
import type { Bus } from "../../services/ports/log.js";
import { ManualClock } from "../helpers/manual-clock.js";

const MARKET = 1025;

it("takes orders for a market until its leader has been silent for too long", () => {
  const clock = new ManualClock();
  let hear: (data: Uint8Array) => void = () => undefined;
  const bus = {
    subscribe: (_: string, handler: (data: Uint8Array, subject: string) => void) => {
      hear = (data) => handler(data, "");
      return () => undefined;
    },
  } as unknown as Bus;
  const reads = { actorHeads: () => Promise.resolve([]) };
  const leaders = new Leaders({ bus, reads, clock, logger: pino({ level: "silent" }) });
  // A gateway that has just begun to listen has not had the time to hear anybody.
  expect(leaders.isSilent(MARKET)).toBe(false);
  clock.advance(NO_LEADER_AFTER_MS + 1);
  expect(leaders.isSilent(MARKET)).toBe(true);
  const standing = { actor: MARKET, name: "market.X", node: "node-1", token: 1, batch: 1 };
  const head = { ...standing, kind: "market", eventBatch: 1, anchor: 1 } as const;
  leaders.learn([head]);
  expect(leaders.isSilent(MARKET)).toBe(true);
  hear(encodeAnnouncement({ ...standing, eventBatch: 1, anchor: 1, marks: [], lags: [] }));
  expect(leaders.isSilent(MARKET)).toBe(false);
  clock.advance(NO_LEADER_AFTER_MS + 1);
  expect(leaders.isSilent(MARKET)).toBe(true);
});
