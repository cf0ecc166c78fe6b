/** A gateway of the run: the production core on the ports of one process. */
import { SETTINGS } from "../../../services/common/settings.js";
import { GatewayCore } from "../../../services/gateway/gateway-core.js";
import { TierLimits } from "../../../services/gateway/tier-limits.js";
import type { SimProcess } from "../world/process.js";
import { Door } from "./door.js";
import { loggerOf } from "./logger.js";
import type { PortsOfProcess } from "./ports.js";
import { lengthsOf } from "./queues.js";
import type { Tally } from "./tally.js";

export class GatewayProcess {
  readonly name: string;
  readonly slot: number;
  readonly process: SimProcess;
  /** Null until it has started. */
  door: Door | null = null;

  constructor(process: SimProcess, ports: PortsOfProcess, slot: number, tally: Tally) {
    const { reads, log, bus } = ports;
    const logger = loggerOf(process);
    this.name = process.name;
    this.slot = slot;
    this.process = process;
    const end = (error: unknown) => {
      logger.fatal({ error: String(error) }, "the gateway ends");
      process.crash();
    };
    GatewayCore.start(
      { reads, log, bus, clock: process.clock, logger },
      {
        slot,
        name: process.name,
        tierLimits: new TierLimits(SETTINGS.tierLimits.fallback),
        onDeposed: (reason) => {
          tally.add("deposedGateways");
          end(reason);
        },
      },
    ).then((core) => {
      this.door = new Door(process, core);
    }, end);
  }

  /** Null: it has not started. */
  queues(): ReadonlyMap<string, number> | null {
    return this.door && lengthsOf(this.door.core.queues());
  }

  /** Ends in good order. */
  stop(): void {
    const { process, door } = this;
    if (!door) return process.crash();
    process.deliver(() => {
      void door.core.drain().then(() => {
        door.core.close();
        process.crash();
      });
    });
  }
}
