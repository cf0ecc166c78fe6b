/**
 * One client of one account, seeded: it deposits, places orders that cross, that rest and that expire, cancels and reduces them,
 * transfers to others, repeats ids on purpose and after unknown answers, and asks what became of them. What it is told the checks hear.
 */
import { OrderType, Side, TimeInForce } from "../../../proto/gen/exchange/v1/exchange.js";
import type {
  AccountEvent,
  OrderCommand,
  PlaceOrderRequest,
  TransferRequest,
} from "../../../proto/gen/exchange/v1/exchange.js";
import { PLAIN_TERMS } from "../../../services/client/new-order.js";
import type { GatewayCore } from "../../../services/gateway/gateway-core.js";
import { Refusal } from "../../../services/gateway/refusal.js";
import { Session } from "../../../services/gateway/session.js";
import type { AnswersCheck, ToldOutcome } from "../checks/answers.js";
import type { Verdict } from "../checks/verdict.js";
import { type Door, isOfConnection, NoConnection } from "../cluster/door.js";
import { exponentialUs, type Random } from "../world/random.js";
import type { World } from "../world/world.js";
import { outcomeOfOrder, outcomeOfResult } from "./outcomes.js";

export interface ClientDependencies {
  readonly world: World;
  readonly verdict: Verdict;
  readonly answers: AnswersCheck;
  /** The gateways that can be reached now. */
  readonly doors: () => readonly Door[];
  readonly symbols: readonly string[];
  readonly assets: readonly string[];
  /** Of all clients. */
  readonly accounts: readonly number[];
}

export interface ClientOptions {
  readonly account: number;
  /** Commands to send. */
  readonly commands: number;
  /** Between two of them, on average. */
  readonly thinkUs: number;
}

const DEPOSIT_UNITS = 1_000_000_000;
const TRANSFER_UNITS_MAX = 5_000;
/** An account that nobody opens: what is sent to it comes back. */
const NOBODY = 999_999;
const REFERENCE_PRICE = 1_000;
const PRICE_SPREAD = 12;
const QUANTITY_MAX = 20;
const IN_FLIGHT_MAX = 12;
/** Commands come together, as they do in markets: most bursts in one packet, most of a packet's orders for one market. */
const BURST_MAX = 7;
const PACKET_CHANCE = 0.75;
const SAME_MARKET_CHANCE = 0.75;
/** How long an order lives at most that is good till a time. */
const PATIENCE_US_MAX = 1_500_000;
const RETRY_US = 60_000;
/** `NOT_FOUND` of an account that is not open, as gRPC numbers it. */
const DEADLINE_EXCEEDED = 4;
const UNPUBLISHED = new Set([3, 5, 7, 8, 14]);

/** A place or an amendment came to an end as the client sees it. */
type Ending = "definite" | "refused" | "unknown";

/** Commands that arrive together. */
interface Packet {
  readonly door: Door;
  readonly arrivalUs: number;
  readonly symbol: string;
}

export class Client {
  readonly account: number;
  sent = 0;
  private readonly deps: ClientDependencies;
  private readonly options: ClientOptions;
  private readonly random: Random;
  private readonly session: Session;
  /** Ids by what is known of them. */
  private readonly unknown = new Map<string, PlaceOrderRequest>();
  private readonly placed = new Map<string, PlaceOrderRequest>();
  private readonly live = new Map<number, { clientOrderId: string; leaves: number }>();
  private readonly transfers: TransferRequest[] = [];
  private inFlight = 0;
  private ids = 0;
  private isOpen = false;
  private isClosing = false;
  /** Null: each command goes by itself, through any gateway. */
  private packet: Packet | null = null;

  constructor(deps: ClientDependencies, options: ClientOptions) {
    this.deps = deps;
    this.options = options;
    this.account = options.account;
    this.random = deps.world.random(`client ${options.account}`);
    this.session = Session.over(String(options.account));
  }

  /** Everything is sent, answered, and of everything it is known what became of it. */
  get isDone(): boolean {
    return this.isClosing && this.inFlight === 0 && this.unknown.size === 0 && this.isFinished;
  }

  get isFinished(): boolean {
    return this.sent >= this.options.commands;
  }

  /** What is missing, for people. */
  describe(): string {
    return `client ${this.account}: ${this.sent} sent, ${this.inFlight} in flight, ${this.unknown.size} unknown`;
  }

  /** Opens the account and deposits; tries again until both have worked. */
  async open(): Promise<void> {
    await this.insist((core) => core.accounts.open(this.account));
    for (const asset of this.deps.assets) {
      const key = `first ${asset}`.replace(" ", "-");
      const deposit = { account: this.account, asset, amount: DEPOSIT_UNITS, idempotencyKey: key };
      await this.insist((core) => core.accounts.deposit(this.account, deposit));
    }
    this.isOpen = true;
  }

  /** Begins to trade. */
  start(): void {
    this.think();
  }

  /** Sends what is left at once, and asks for everything that is unknown, until it is known. */
  finish(): void {
    this.isClosing = true;
  }

  /** An event of the account, heard in order. */
  hear({ event }: AccountEvent): void {
    if (!event) return;
    if (event.$case === "rested" || event.$case === "reduced" || event.$case === "filled") {
      const order = this.live.get(event.value.orderId);
      if (order) order.leaves = event.value.leaves;
      if (event.value.leaves === 0) this.live.delete(event.value.orderId);
    } else if (event.$case === "accepted") {
      const { orderId, clientOrderId, quantity } = event.value;
      this.live.set(orderId, { clientOrderId, leaves: quantity });
    } else if (event.$case === "ended") {
      this.live.delete(event.value.orderId);
    }
  }

  private think(): void {
    const { world } = this.deps;
    const delayUs = this.isClosing
      ? RETRY_US / 6
      : exponentialUs(this.random, (this.options.thinkUs * (1 + BURST_MAX)) / 2) + 1;
    world.scheduler.after(delayUs, () => {
      if (this.isDone) return;
      const burst = this.isClosing ? BURST_MAX : this.random.whole(1, BURST_MAX);
      this.packet = this.random.chance(PACKET_CHANCE) ? this.newPacket() : null;
      for (let n = 0; n < burst; n++) this.act();
      this.packet = null;
      this.think();
    });
  }

  private newPacket(): Packet | null {
    const { random, deps } = this;
    const doors = deps.doors();
    if (doors.length === 0) return null;
    const door = random.pick(doors);
    return { door, arrivalUs: door.arrivalUs(), symbol: random.pick(deps.symbols) };
  }

  private act(): void {
    if (!this.isOpen || this.inFlight >= IN_FLIGHT_MAX) return;
    const { random } = this;
    if (this.unknown.size > 0 && (this.isClosing || random.chance(0.3))) return this.askUnknown();
    if (this.isFinished) return;
    const roll = random.next();
    if (roll < 0.62 || this.live.size === 0) this.placeNew();
    else if (roll < 0.8) this.amend("cancel");
    else if (roll < 0.88) this.amend("reduce");
    else if (roll < 0.95) this.repeat();
    else if (roll < 0.96) this.depositMore();
    else if (roll < 0.98) this.transfer();
    else this.resolve(this.randomId());
  }

  private placeNew(): void {
    this.ids += 1;
    this.place(this.randomOrder(`c${this.ids}`));
  }

  private randomOrder(clientOrderId: string): PlaceOrderRequest {
    const { random } = this;
    const isMarket = random.chance(0.08);
    const isImmediate = isMarket || random.chance(0.15);
    // Some orders end by the time alone, wherever their market is by then.
    const expires = !isImmediate && random.chance(0.2);
    const patienceUs = random.whole(1, PATIENCE_US_MAX);
    return {
      account: this.account,
      clientOrderId,
      symbol: this.randomSymbol(),
      side: random.chance(0.5) ? Side.SIDE_BUY : Side.SIDE_SELL,
      type: isMarket ? OrderType.ORDER_TYPE_MARKET : OrderType.ORDER_TYPE_LIMIT,
      timeInForce: timeInForceOf(isImmediate, expires),
      price: isMarket ? 0 : REFERENCE_PRICE + random.whole(-PRICE_SPREAD, PRICE_SPREAD),
      quantity: random.whole(1, QUANTITY_MAX),
      ...PLAIN_TERMS,
      ...(expires && { expiresAt: this.deps.world.wallUs + patienceUs }),
    };
  }

  private randomSymbol(): string {
    const { random, packet, deps } = this;
    return packet && random.chance(SAME_MARKET_CHANCE) ? packet.symbol : random.pick(deps.symbols);
  }

  /** The same id again: the first answer is to come again, or the order itself if it never arrived. */
  private repeat(): void {
    if (this.placed.size === 0) return this.placeNew();
    const order = this.random.pick([...this.placed.values()].slice(-20));
    this.place(order);
    // The same through both gateways at once.
    if (this.random.chance(0.3)) this.place(order);
  }

  private askUnknown(): void {
    const [clientOrderId, order] = this.random.pick([...this.unknown]);
    if (this.random.chance(this.isClosing ? 0.7 : 0.4)) this.resolve(clientOrderId);
    else this.place(order);
  }

  /** An id that was used, or (seldom) one that never was: asking voids it. */
  private randomId(): string {
    if (this.placed.size === 0 || this.random.chance(0.3)) {
      this.ids += 1;
      return `c${this.ids}`;
    }
    return this.random.pick([...this.placed.keys()]);
  }

  private place(order: PlaceOrderRequest): void {
    const { clientOrderId } = order;
    this.placed.set(clientOrderId, order);
    this.track(
      clientOrderId,
      (core) => core.orders.submit(this.session, { $case: "place", value: order }),
      (result) => this.told(clientOrderId, outcomeOfResult(result)),
      order,
    );
  }

  private resolve(clientOrderId: string): void {
    const order = this.placed.get(clientOrderId) ?? this.randomOrder(clientOrderId);
    this.placed.set(clientOrderId, order);
    this.track(
      clientOrderId,
      (core) => core.orders.resolve(this.account, clientOrderId),
      (response) => this.told(clientOrderId, outcomeOfOrder(response)),
      order,
    );
  }

  private amend(request: "cancel" | "reduce"): void {
    const orderId = this.random.pick([...this.live.keys()]);
    const order = this.live.get(orderId)!;
    const byId = this.random.chance(0.5);
    const name = byId
      ? { account: this.account, orderId, clientOrderId: "" }
      : { account: this.account, orderId: 0, clientOrderId: order.clientOrderId };
    const leaves = Math.max(1, Math.floor(order.leaves / 2));
    const command: OrderCommand["command"] =
      request === "cancel"
        ? { $case: "cancel", value: name }
        : { $case: "reduce", value: { ...name, leaves } };
    void this.send((core) => core.orders.submit(this.session, command));
  }

  /** The same key again is the same deposit, so that it may be tried until it has worked. */
  private depositMore(): void {
    this.ids += 1;
    const asset = this.random.pick(this.deps.assets);
    const idempotencyKey = `d${this.random.whole(1, 5)}-${asset}`;
    const deposit = { account: this.account, asset, amount: 1_000, idempotencyKey };
    void this.send((core) => core.accounts.deposit(this.account, deposit));
  }

  /** To another client, or to nobody; now and then the same once more. */
  private transfer(): void {
    const { random, deps, transfers, account } = this;
    const others = deps.accounts.filter((other) => other !== account);
    if (transfers.length === 0 || random.chance(0.6)) {
      transfers.push({
        account,
        recipient: random.chance(0.15) ? NOBODY : random.pick(others),
        asset: random.pick(deps.assets),
        amount: random.whole(1, TRANSFER_UNITS_MAX),
        idempotencyKey: `t${transfers.length}`,
      });
    }
    const transfer = random.chance(0.7) ? transfers.at(-1)! : random.pick(transfers);
    void this.send((core) => core.accounts.transfer(account, transfer)).then(({ ending }) => {
      if (ending === "definite") deps.answers.transferred(account, transfer.idempotencyKey);
    });
  }

  /** Sends something about a client order id, and notes what it is known to have led to. */
  private track<T>(
    clientOrderId: string,
    work: (core: GatewayCore) => Promise<T>,
    take: (answer: T) => void,
    order: PlaceOrderRequest,
  ): void {
    void this.send(work, clientOrderId).then(({ ending, answer }) => {
      const { answers } = this.deps;
      if (ending === "definite") take(answer as T);
      if (answers.isDefinite(this.account, clientOrderId)) this.unknown.delete(clientOrderId);
      else if (ending === "unknown") this.unknown.set(clientOrderId, order);
    });
  }

  private told(clientOrderId: string, outcome: ToldOutcome | null): void {
    if (outcome) this.deps.answers.outcome(this.account, clientOrderId, outcome);
  }

  /** Sends one command through some gateway. */
  private async send<T>(
    work: (core: GatewayCore) => Promise<T>,
    clientOrderId?: string,
  ): Promise<{ readonly ending: Ending; readonly answer?: T }> {
    const { packet, random } = this;
    const doors = this.deps.doors();
    if (doors.length === 0) return { ending: "refused" };
    const door = packet?.door ?? random.pick(doors);
    this.sent += 1;
    this.inFlight += 1;
    const note = () => {
      if (clientOrderId !== undefined) this.deps.answers.mayBeSent(this.account, clientOrderId);
    };
    try {
      const answer = await door.call(work, packet?.arrivalUs);
      note();
      return { ending: "definite", answer };
    } catch (error) {
      const ending = this.endingOf(error);
      if (ending !== "refused") note();
      return { ending };
    } finally {
      this.inFlight -= 1;
    }
  }

  private endingOf(error: unknown): Ending {
    if (error instanceof NoConnection) return "refused";
    if (!(error instanceof Refusal)) {
      this.deps.verdict.expect(
        isOfConnection(error),
        "R10",
        () => `a gateway failed: ${String(error)}`,
      );
      return "unknown";
    }
    if (error.grpcStatus === DEADLINE_EXCEEDED) return "unknown";
    return UNPUBLISHED.has(error.grpcStatus) ? "refused" : "unknown";
  }

  /** Does something idempotent again and again until it has worked. */
  private async insist(work: (core: GatewayCore) => Promise<unknown>): Promise<void> {
    for (;;) {
      const { ending } = await this.send(work);
      if (ending === "definite") return;
      await new Promise<void>((resolve) => {
        this.deps.world.scheduler.after(RETRY_US, resolve);
      });
    }
  }
}

function timeInForceOf(isImmediate: boolean, expires: boolean): TimeInForce {
  if (isImmediate) return TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL;
  return expires
    ? TimeInForce.TIME_IN_FORCE_GOOD_TILL_DATE
    : TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL;
}
