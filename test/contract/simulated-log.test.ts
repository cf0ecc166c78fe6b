/** The simulator's NATS is held to the contract of the real one. */
import { NatsConnection } from "../../chaos/simulator/adapters/nats-connection.js";
import { SimBus } from "../../chaos/simulator/adapters/sim-bus.js";
import { SimLog } from "../../chaos/simulator/adapters/sim-log.js";
import { SimNats } from "../../chaos/simulator/servers/nats.js";
import { LiveScheduler } from "../../chaos/simulator/world/live-scheduler.js";
import { World } from "../../chaos/simulator/world/world.js";
import type { LogBench } from "./log-bench.js";
import { describeLog } from "./log-contract.js";
import { describeLogFaults } from "./log-faults-contract.js";

const OUTAGE_US = 30_000;

async function openBench(): Promise<LogBench> {
  const scheduler = new LiveScheduler();
  const world = new World(1, { scheduler });
  const nats = new SimNats(world);
  const portsOf = (name: string) => {
    const connection = new NatsConnection(world.start(name), nats);
    return { log: new SimLog(connection), bus: new SimBus(connection) };
  };
  const restart = (change: () => void) =>
    new Promise<void>((resolve) => {
      nats.stop();
      change();
      scheduler.after(OUTAGE_US, () => {
        nats.start();
        resolve();
      });
    });
  let copy = nats.snapshot();
  return {
    ...portsOf("node-1"),
    other: portsOf("node-2"),
    crash: () => restart(() => undefined),
    remember: async () => {
      copy = nats.snapshot();
    },
    rollBack: () => restart(() => nats.rollBack(copy)),
    freeze: async () => nats.freeze(),
    thaw: async () => nats.thaw(),
    limit: async (actorName, anchor, bytes) => {
      nats.stream(actorName, anchor)!.bytesMax = bytes;
    },
    remove: async (actorName, anchor) => {
      nats.removeStream(actorName, anchor);
    },
    close: async () => scheduler.stop(),
  };
}

describeLog("the simulator's NATS", openBench);
describeLogFaults("the simulator's NATS", openBench);
