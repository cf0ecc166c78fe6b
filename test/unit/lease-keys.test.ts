/** For how long etcd is waited for: since the first question after its last answer that came in time. */
import type { Etcd3 } from "etcd3";
import { expect, it } from "vitest";
import { CALL_MS_MAX, LeaseKeys } from "../../services/adapters/etcd/lease-keys.js";
import { ManualClock } from "../helpers/manual-clock.js";

it("counts from the first question without an answer, and from nothing once one is answered in time", async () => {
  const clock = new ManualClock();
  const keys = new LeaseKeys({} as Etcd3, clock, CALL_MS_MAX);
  expect(keys.waitingForAnswerMs).toBe(0);
  clock.advance(50);
  const late = keys.answerTo(new Promise(() => undefined));
  const isLate = expect(late).rejects.toThrow("did not answer");
  expect(keys.waitingForAnswerMs).toBe(0);
  clock.advance(CALL_MS_MAX);
  await isLate;
  expect(keys.waitingForAnswerMs).toBe(CALL_MS_MAX);
  // An error is no answer, and a second question does not begin to count anew.
  await expect(keys.answerTo(Promise.reject(new Error("unavailable")))).rejects.toThrow();
  expect(keys.waitingForAnswerMs).toBe(CALL_MS_MAX);
  await keys.answerTo(Promise.resolve("there"));
  expect(keys.waitingForAnswerMs).toBe(0);
  clock.advance(CALL_MS_MAX);
  expect(keys.waitingForAnswerMs).toBe(0);
});
