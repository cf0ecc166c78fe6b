/**
 * The whole exchange of a run: three servers, nodes and gateways that are started again when they end, and an operator
 * who lists the markets.
 */
import { DEFAULT_WEIGHT } from "../../../actors/placement/rendezvous.js";
import { parseWishes, type Wishes } from "../../../actors/placement/wishes.js";
import type { Instrument } from "../../../proto/gen/exchange/v1/exchange.js";
import { Refusal } from "../../../services/gateway/refusal.js";
import type { LeaseStore } from "../../../services/ports/lease-store.js";
import type { Bus } from "../../../services/ports/log.js";
import { LEASE_NAMESPACE } from "../adapters/leases.js";
import { olderBus } from "../before/older-bus.js";
import { restoreOlder } from "../before/older-market.js";
import { olderObserver } from "../before/older-observer.js";
import type { Checks } from "../checks/checks.js";
import type { SimProcess } from "../world/process.js";
import type { World } from "../world/world.js";
import type { Door } from "./door.js";
import { GATEWAYS, NODES, QUOTE, STRANGER, SYMBOLS } from "./names.js";
import { GatewayProcess } from "./gateway-process.js";
import { NodeProcess } from "./node-process.js";
import { portsOf, type PortsOfProcess, type Servers } from "./ports.js";
import type { Tally } from "./tally.js";

/** In millionths of what is traded. */
const FEES = { makerFee: -500, takerFee: 2_500 };
/** What a statement takes with its way there: most of it is the disk. */
const POSTGRES_SPEED = { leastUs: 600, meanUs: 800 };
/** A process that has ended is started again after so long, unless somebody keeps it down. */
const RESTART_AFTER_US = 200_000;
const RETRY_US = 100_000;

export type Decorate = (ports: PortsOfProcess, process: SimProcess) => PortsOfProcess;

export class Cluster {
  readonly world: World;
  readonly servers: Servers;
  readonly checks: Checks;
  readonly tally: Tally;
  readonly nodes = new Map<string, NodeProcess>();
  readonly gateways = new Map<string, GatewayProcess>();
  /** Nodes that are of the version before when they are started. */
  readonly older = new Set<string>();
  /** Of nodes that do not weigh what all do. */
  private readonly weights = new Map<string, number>();
  private readonly decorate: Decorate;
  /** How many faults keep a process down. */
  private readonly down = new Map<string, number>();
  private operatorLeases: LeaseStore | null = null;
  private strangersBus: Bus | null = null;

  constructor(
    world: World,
    servers: Servers,
    checks: Checks,
    tally: Tally,
    decorate: Decorate = (ports) => ports,
  ) {
    this.world = world;
    this.servers = servers;
    this.checks = checks;
    this.tally = tally;
    this.decorate = decorate;
  }

  start(): void {
    for (const name of [...NODES, ...GATEWAYS]) {
      this.world.network.link(name, "postgres").speed = POSTGRES_SPEED;
    }
    for (const name of [...NODES, ...GATEWAYS]) this.launch(name);
  }

  /** The processes by name, as they run now. */
  process(name: string): SimProcess {
    return (this.nodes.get(name) ?? this.gateways.get(name))!.process;
  }

  /** Gateways that clients can connect to. */
  doors(): Door[] {
    const open: Door[] = [];
    for (const { door } of this.gateways.values()) if (door?.isOpen) open.push(door);
    return open;
  }

  /** How long the queues of each process are, by their names. */
  queues(): Map<string, ReadonlyMap<string, number>> {
    const queues = new Map<string, ReadonlyMap<string, number>>();
    for (const running of [...this.nodes.values(), ...this.gateways.values()]) {
      const lengths = running.process.isAlive ? running.queues() : null;
      if (lengths) queues.set(running.name, lengths);
    }
    return queues;
  }

  /** The actors that a process leads, or has led last, by the tokens that were raised. */
  ledBy(process: SimProcess): number[] {
    const led: number[] = [];
    for (const { id, holder } of this.checks.history.actors.values()) {
      if (holder === process.incarnation) led.push(id);
    }
    return led;
  }

  /** Ends a process, and keeps it down until `letUp`. */
  keepDown(name: string): void {
    this.down.set(name, (this.down.get(name) ?? 0) + 1);
    this.process(name).crash();
  }

  letUp(name: string): void {
    this.down.set(name, Math.max(0, (this.down.get(name) ?? 0) - 1));
    this.restart(name);
  }

  /** A node goes in good order, and comes back. */
  restartInOrder(name: string): void {
    if (this.process(name).isAlive) void this.nodes.get(name)!.stop();
  }

  /** Makes a node one of today's version. */
  upgrade(name: string): void {
    if (this.older.delete(name)) this.restartInOrder(name);
  }

  weightOf(name: string): number {
    return this.weights.get(name) ?? DEFAULT_WEIGHT;
  }

  reweigh(name: string, weight: number): void {
    this.weights.set(name, weight);
    this.restartInOrder(name);
  }

  /** Nodes that run in the version before. */
  runningOlder(): string[] {
    const running = [...this.nodes.values()].filter(({ process }) => process.isAlive);
    return running
      .filter(({ process }) => this.tally.versions.isOlder(process.incarnation))
      .map(({ name }) => name);
  }

  /** Whatever is still wrong is put right: nobody is kept down or cut off, every server is up. */
  healAll(): void {
    const { postgres, nats, etcd } = this.servers;
    for (const server of [postgres, nats, etcd]) {
      server.thaw();
      server.start();
    }
    for (const { actorName, anchor } of nats.streams()) {
      nats.stream(actorName, anchor)!.isInReach = true;
    }
    this.world.network.healAll();
    this.down.clear();
    for (const name of [...NODES, ...GATEWAYS]) {
      this.process(name).resume();
      this.restart(name);
    }
  }

  /** Sets a wish as an operator does. */
  wish(key: string, value: string | null): void {
    this.operator()
      .wish(key, value)
      .catch(() => this.later(() => this.wish(key, value)));
  }

  /** What is wished, as etcd has it now. */
  get wishes(): Wishes {
    const prefix = `/palisade/${LEASE_NAMESPACE}/wishes/`;
    const stored = this.servers.etcd.all(prefix);
    return parseWishes(new Map(stored.map(({ key, value }) => [key.slice(prefix.length), value])));
  }

  /** Another process under a name that is taken. Resolves with why it was refused; null: it was not. */
  async startTwin(name: string): Promise<string | null> {
    const process = this.world.startTwin(name);
    const { leases } = portsOf(process, this.servers);
    try {
      await leases.join(name, "{}");
      return null;
    } catch (error) {
      return (error as Error).name;
    } finally {
      process.crash();
    }
  }

  /** Another gateway that claims a slot which is taken; no client knows of it. */
  startTwinGateway(name: string): GatewayProcess {
    const process = this.world.startTwin(name);
    const ports = this.decorate(portsOf(process, this.servers, this.tally), process);
    return new GatewayProcess(process, ports, GATEWAYS.indexOf(name) + 1, this.tally);
  }

  /** Lists the markets through whatever gateway there is. */
  async list(): Promise<void> {
    for (const symbol of SYMBOLS) {
      while (!(await this.tryList(instrumentOf(symbol)))) {
        await new Promise<void>((resolve) => this.later(resolve));
      }
    }
  }

  private async tryList(instrument: Instrument): Promise<boolean> {
    const [door] = this.doors();
    if (!door) return false;
    try {
      await door.call((core) => core.instruments.create(instrument));
      return true;
    } catch (error) {
      if (error instanceof Refusal || error instanceof Error) return false;
      throw error;
    }
  }

  /** The bus of somebody who does not belong here. */
  get stranger(): Bus {
    this.strangersBus ??= portsOf(this.world.start(STRANGER), this.servers).bus;
    return this.strangersBus;
  }

  private operator(): LeaseStore {
    if (!this.operatorLeases) {
      this.operatorLeases = portsOf(this.world.start("operator"), this.servers).leases;
    }
    return this.operatorLeases;
  }

  private launch(name: string): void {
    const process = this.world.start(name);
    process.onEnd(() => this.later(() => this.restart(name), RESTART_AFTER_US));
    const ports = this.decorate(portsOf(process, this.servers, this.tally), process);
    const slot = GATEWAYS.indexOf(name) + 1;
    if (slot > 0) this.gateways.set(name, new GatewayProcess(process, ports, slot, this.tally));
    else this.nodes.set(name, this.nodeOf(process, ports));
  }

  private nodeOf(process: SimProcess, ports: PortsOfProcess): NodeProcess {
    const { tally } = this;
    const weight = this.weightOf(process.name);
    if (!this.older.has(process.name)) return new NodeProcess(process, ports, tally, weight);
    tally.versions.startedOlder(process.incarnation);
    const olderPorts = { ...ports, bus: olderBus(ports.bus) };
    return new NodeProcess(process, olderPorts, olderObserver(tally), weight, restoreOlder);
  }

  private restart(name: string): void {
    if (this.process(name).isAlive || (this.down.get(name) ?? 0) > 0) return;
    this.launch(name);
  }

  private later(happen: () => void, delayUs = RETRY_US): void {
    this.world.scheduler.after(delayUs, happen);
  }
}

/** One of them has no fees: its orders are stored as plain ones. Makers of the others get a rebate. */
function instrumentOf(symbol: string): Instrument {
  const fees = symbol === SYMBOLS[0] ? { makerFee: 0, takerFee: 0 } : FEES;
  return {
    symbol,
    baseAsset: { name: symbol, decimals: 0 },
    quoteAsset: { name: QUOTE, decimals: 2 },
    priceDecimals: 2,
    quantityDecimals: 0,
    tick: 1,
    lot: 1,
    referencePrice: 1_000,
    ...fees,
    feeTiers: [],
  };
}
