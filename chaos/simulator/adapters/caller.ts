/**
 * Requests of one process to one server, each with an answer: the request travels, takes effect at the server at once,
 * and the answer travels back. Between any two of these the process may die. Without an answer the client gives up after
 * its time-out, and what it asked for may happen all the same.
 */
import type { SimServer } from "../servers/server.js";
import type { Channel } from "../world/network.js";
import type { SimProcess } from "../world/process.js";
import { noteKind } from "../world/trace.js";

const ASKED = noteKind("asked");
const FAILED = noteKind("failed");

export interface CallOptions {
  /** For the log of the run. */
  readonly what: string;
  readonly timeoutMs: number;
  /** What the client library says when the connection broke, or no answer came in time. */
  readonly silent: (why: string, isLate: boolean) => Error;
  /** The request is under way for so much longer. */
  readonly lateUs?: number;
  /** It arrives, does its work, and its answer is lost with the connection; or it does not even arrive. */
  readonly broken?: "after" | "before";
}

interface Call {
  readonly options: CallOptions;
  readonly deadlineUs: number;
  readonly reject: (error: Error) => void;
  isOver: boolean;
  isExpiring: boolean;
}

const US_PER_MS = 1_000;

export class Caller {
  readonly process: SimProcess;
  readonly server: SimServer;
  private readonly requests: Channel;
  private readonly answers: Channel;
  private readonly underWay = new Set<Call>();

  /** Ordered: all requests go over one connection. */
  constructor(process: SimProcess, server: SimServer, ordered: boolean) {
    const { network } = process.world;
    this.process = process;
    this.server = server;
    this.requests = network.channel(process.name, server.name, ordered);
    this.answers = network.channel(server.name, process.name, ordered);
    const disconnect = server.connect({ broken: () => this.breakAll("the server has ended") });
    process.onEnd(disconnect);
  }

  /** Asks the server to do some work; what that gives or throws is the answer. */
  call<T>(options: CallOptions, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const { process, server } = this;
      const { scheduler } = process.world;
      if (!process.pass("sending")) return;
      const deadlineUs = scheduler.nowUs + options.timeoutMs * US_PER_MS;
      const call: Call = { options, deadlineUs, reject, isOver: false, isExpiring: false };
      this.underWay.add(call);
      const { life } = server;
      if (options.broken === "before") return this.break(call, "the connection broke");
      const arrive = () => {
        const isSame = life === server.life;
        const outcome = isSame ? server.accept(() => this.work(call, work, resolve)) : "refused";
        if (outcome === "refused") this.break(call, "the server refuses connections");
        else if (outcome === "waits") this.expire(call);
      };
      const arrivalUs = this.requests.send(arrive, options.lateUs ?? 0);
      if (arrivalUs > deadlineUs) this.expire(call);
    });
  }

  /** Sends a request whose answer nobody waits for. */
  tell(lateUs: number, work: () => void): void {
    if (!this.process.isAlive) return;
    this.requests.send(() => this.server.accept(work), lateUs);
  }

  private work<T>(call: Call, work: () => T, resolve: (value: T) => void): void {
    const { process } = this;
    process.world.trace.note(
      process.world.scheduler.nowUs,
      ASKED,
      process.name,
      0,
      0,
      call.options.what,
    );
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.answer(call, () => call.reject(error as Error));
      return;
    }
    if (call.options.broken === "after") {
      process.pass("effect");
      this.break(call, "the connection broke");
      return;
    }
    this.answer(call, () => resolve(result));
  }

  private answer(call: Call, settle: () => void): void {
    if (!this.process.pass("effect") || call.isOver) return;
    if (this.answers.send(() => this.settle(call, settle)) > call.deadlineUs) this.expire(call);
  }

  private settle(call: Call, settle: () => void): void {
    this.process.deliver(() => {
      if (call.isOver || !this.process.pass("answer")) return;
      this.end(call);
      settle();
    });
  }

  /** The client learns that its connection is gone, unless it is cut off and has to wait. */
  private break(call: Call, why: string): void {
    const fail = () => this.fail(call, why);
    if (this.answers.send(() => this.process.deliver(fail)) > call.deadlineUs) this.expire(call);
  }

  private breakAll(why: string): void {
    for (const call of this.underWay) this.break(call, why);
  }

  /** The call may go unanswered: its time-out counts. */
  private expire(call: Call): void {
    if (call.isOver || call.isExpiring) return;
    call.isExpiring = true;
    const fail = () => this.fail(call, `no answer in ${call.options.timeoutMs} ms`, true);
    this.process.world.scheduler.at(call.deadlineUs, () => this.process.deliver(fail, true));
  }

  private fail(call: Call, why: string, isLate = false): void {
    if (call.isOver) return;
    this.end(call);
    const { world, name } = this.process;
    world.trace.note(world.scheduler.nowUs, FAILED, name, 0, 0, `${call.options.what}: ${why}`);
    call.reject(call.options.silent(why, isLate));
  }

  private end(call: Call): void {
    call.isOver = true;
    this.underWay.delete(call);
  }
}
