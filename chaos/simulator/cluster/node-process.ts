/** A node of the run: the production node on the ports of one process, started again when it has ended. */
import { CommitTurns } from "../../../services/host/commit-turns.js";
import { Directory } from "../../../services/host/directory.js";
import type { HostObserver } from "../../../services/host/observer.js";
import type { RestoreActor } from "../../../services/host/restore-actor.js";
import { Node } from "../../../services/node/node.js";
import type { SimProcess } from "../world/process.js";
import { loggerOf } from "./logger.js";
import { EXCHANGE } from "./names.js";
import type { PortsOfProcess } from "./ports.js";
import { lengthsOf } from "./queues.js";

/** What the limit says that a node shows; nobody looks at it here. */
const INBOX_MIB = 64;

export class NodeProcess {
  readonly name: string;
  process: SimProcess;
  private readonly node: Node;
  private hasStarted = false;

  /** `restoreActor`: how it makes its actors, if not as today's version does. */
  constructor(
    process: SimProcess,
    ports: PortsOfProcess,
    observer: HostObserver,
    weight: number,
    restoreActor?: RestoreActor,
  ) {
    const { store, bus } = ports;
    this.name = process.name;
    this.process = process;
    const { clock } = process;
    const logger = loggerOf(process);
    const deps = {
      ...ports,
      node: process.name,
      incarnation: process.incarnation,
      exchange: EXCHANGE,
      observer,
      clock,
      logger,
      directory: new Directory({ bus, store, clock, logger, observer }),
      turns: new CommitTurns(clock, store),
      ...(restoreActor && { restoreActor }),
    };
    this.node = new Node(deps, { weight });
    this.node.start().then(
      () => {
        this.hasStarted = true;
      },
      // As the process does: it says why and ends.
      (error: unknown) => {
        loggerOf(process).fatal({ error: String(error) }, "the node could not start");
        process.crash();
      },
    );
  }

  get leading(): string[] {
    return this.process.isAlive && this.hasStarted ? Object.keys(this.node.leading()) : [];
  }

  queues(): ReadonlyMap<string, number> {
    return lengthsOf(this.node.queues(INBOX_MIB));
  }

  /** Ends in good order; resolves when it has. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      const { process } = this;
      process.onEnd(() => resolve());
      process.deliver(() => {
        this.node.close().then(
          () => process.crash(),
          () => process.crash(),
        );
      });
    });
  }
}
