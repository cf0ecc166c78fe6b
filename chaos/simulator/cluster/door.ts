/**
 * A gateway as clients reach it: a connection that takes a little time each way and breaks when the process ends. What was
 * asked over a connection that broke may have happened.
 */
import type { GatewayCore } from "../../../services/gateway/gateway-core.js";
import { type Random, exponentialUs } from "../world/random.js";
import type { SimProcess } from "../world/process.js";

const CLIENT_LEAST_US = 60;
const CLIENT_MEAN_US = 100;

/** There is nobody to connect to: nothing was sent. */
export class NoConnection extends Error {
  override readonly name = "NoConnection";
}

/** The connection broke before the answer. */
export class ConnectionBroken extends Error {
  override readonly name = "ConnectionBroken";
}

/** Did the connection, and not the gateway, fail? What was asked may have happened. */
export const isOfConnection = (error: unknown): boolean =>
  error instanceof NoConnection || error instanceof ConnectionBroken;

export class Door {
  readonly process: SimProcess;
  readonly core: GatewayCore;
  private readonly random: Random;
  /** Calls without an answer. */
  private readonly waiting = new Set<(error: Error) => void>();

  constructor(process: SimProcess, core: GatewayCore) {
    this.process = process;
    this.core = core;
    this.random = process.world.random(`door ${process.incarnation}`);
    process.onEnd(() => {
      for (const fail of this.waiting) this.later(() => fail(new ConnectionBroken("it broke")));
    });
  }

  get isOpen(): boolean {
    return this.process.isAlive;
  }

  /** How many calls wait for an answer. */
  get pending(): number {
    return this.waiting.size;
  }

  /** When something that is sent now arrives; all that is sent in one packet arrives then, in its order. */
  arrivalUs(): number {
    const { scheduler } = this.process.world;
    return scheduler.nowUs + CLIENT_LEAST_US + exponentialUs(this.random, CLIENT_MEAN_US);
  }

  call<T>(work: (core: GatewayCore) => Promise<T>, arrivalUs = this.arrivalUs()): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new NoConnection("the gateway is not there"));
      this.waiting.add(reject);
      const settle = (settled: () => void) => {
        if (!this.process.isAlive || !this.waiting.has(reject)) return;
        this.later(() => {
          if (this.waiting.delete(reject)) settled();
        });
      };
      this.process.world.scheduler.at(arrivalUs, () =>
        this.process.deliver(() => {
          work(this.core).then(
            (value) => settle(() => resolve(value)),
            (error: unknown) => settle(() => reject(error)),
          );
        }),
      );
    });
  }

  /** Lets something happen at the other end, after the way there. */
  later(happen: () => void): void {
    this.process.world.scheduler.at(this.arrivalUs(), happen);
  }
}
