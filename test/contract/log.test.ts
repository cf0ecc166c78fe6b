import { connect } from "nats";
import { connectNats, NatsBus, NatsLog } from "../../services/adapters/nats/index.js";
import { streamName } from "../../services/adapters/nats/names.js";
import { SystemClock } from "../../services/common/clock.js";
import { rememberNats, rollBackNats } from "../helpers/nats-store.js";
import { startTestNats } from "../helpers/servers.js";
import type { LogBench } from "./log-bench.js";
import { describeLog } from "./log-contract.js";
import { describeLogFaults } from "./log-faults-contract.js";

async function openBench(): Promise<LogBench> {
  const nats = await startTestNats();
  const { server, url } = nats;
  const clock = new SystemClock();
  const mine = await connectNats(url, "node-1");
  const others = await connectNats(url, "node-2");
  const operator = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const { streams } = await operator.jetstreamManager();
  return {
    log: await NatsLog.open(mine, clock),
    bus: new NatsBus(mine),
    other: { log: await NatsLog.open(others, clock), bus: new NatsBus(others) },
    crash: async () => {
      await server.kill();
      await server.restart();
    },
    remember: () => rememberNats(server),
    rollBack: () => rollBackNats(server),
    freeze: () => server.signal("SIGSTOP"),
    thaw: () => server.signal("SIGCONT"),
    limit: async (actorName, anchor, bytes) => {
      await streams.update(streamName(actorName, anchor), { max_bytes: bytes });
    },
    remove: async (actorName, anchor) => {
      await streams.delete(streamName(actorName, anchor));
    },
    close: async () => {
      for (const connection of [mine, others, operator]) await connection.close();
      await nats.stop();
    },
  };
}

describeLog("NATS", openBench);
describeLogFaults("NATS", openBench);
