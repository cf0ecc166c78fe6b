/** Postgres is lost for good, and its synchronous standby takes its place: it has every commit that was answered. */
import { PostgresStandby } from "../../stage/postgres-standby.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { onceItIsHealed } from "../fault.js";

export const FAILOVER_POSTGRES: Drill = {
  name: "failover-postgres",
  hypothesis: "what was answered is on the synchronous standby, too, and all goes on there",
  about:
    "SIGKILL to all of Postgres's processes; its synchronous standby is promoted, and everybody led there",
  bound: { of: "back", ms: 2_000 },
  surroundings: { wired: true },
  // The standby has no standby.
  spoils: true,
  round: onceItIsHealed<{ readonly standby: PostgresStandby }>({
    async aim({ scene }) {
      const standby = await PostgresStandby.of(scene.exchange.servers.postgres.url);
      scene.defer(() => standby.stop());
      await settledLeaders(scene.exchange);
      return { standby };
    },
    strike: (_, { scene }) => scene.exchange.servers.postgres.kill(),
    bitten: async ({ standby }) =>
      (await standby.isPrimary()) ? ["the standby was a primary before it was promoted"] : [],
    async heal({ standby }, { scene }) {
      await standby.promote();
      scene.ground.get("wires").switchTo("postgres", standby.server.url);
    },
    name: () => "Postgres was killed, and its standby promoted",
  }),
};
