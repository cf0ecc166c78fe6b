/** NATS and Postgres, without which nothing goes on: they die or stand still, and everything goes on when they are back. */
import type { Drill } from "../drill.js";
import { onceItIsHealed } from "../fault.js";
import { frozen, killed } from "./outage.js";

/** Longer than anybody waits before he suspects somebody. */
const AWAY_MS = 2_000;
const SECONDS = AWAY_MS / 1_000;
/** And shorter than it takes to give up a connection to NATS. */
const NATS_FROZEN_MS = 1_500;

export const KILL_NATS: Drill = {
  name: "kill-nats",
  hypothesis: "without NATS nothing goes on, nothing is lost, and all goes on when it is back",
  about: `SIGKILL to NATS, which is started again after ${SECONDS} s with its disk`,
  bound: { of: "back", ms: 1_500 },
  round: onceItIsHealed(killed("nats", AWAY_MS)),
};

export const FREEZE_NATS: Drill = {
  name: "freeze-nats",
  hypothesis: "a NATS that stands still is waited for",
  about: `SIGSTOP to NATS for ${NATS_FROZEN_MS} ms, then SIGCONT`,
  bound: { of: "back", ms: 1_500 },
  round: onceItIsHealed(frozen("nats", NATS_FROZEN_MS)),
};

export const KILL_POSTGRES: Drill = {
  name: "kill-postgres",
  hypothesis: "commits whose answer was lost are found out about, and none is made twice",
  about: `SIGKILL to all of Postgres's processes; it is started again after ${SECONDS} s`,
  bound: { of: "back", ms: 2_000 },
  round: onceItIsHealed(killed("postgres", AWAY_MS)),
};

export const FREEZE_POSTGRES: Drill = {
  name: "freeze-postgres",
  hypothesis: "commits that hang are waited for by nodes of which none is better off",
  about: `SIGSTOP to all of Postgres's processes for ${SECONDS} s, then SIGCONT`,
  bound: { of: "back", ms: 2_000 },
  round: onceItIsHealed(frozen("postgres", AWAY_MS)),
};
