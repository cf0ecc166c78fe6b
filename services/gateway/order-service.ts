/** Orders over gRPC: unary calls and order-entry streams. */
import type { OrderCommand, OrderServiceServer } from "../../proto/gen/exchange/v1/exchange.js";
import { longest, type QueueStates } from "../common/queues.js";
import type { ClientShares } from "./client-shares.js";
import { ENTRY_STREAMS_MAX } from "./limits.js";
import type { OrderDesk } from "./order-desk.js";
import { type EntryCall, OrderEntry, type OrderEntryDependencies } from "./order-entry.js";
import { priorityOf } from "./order-intake.js";
import { gatewayStopping, Refusal } from "./refusal.js";
import { Session } from "./session.js";
import { StreamCount } from "./stream-count.js";
import type { unary } from "./unary.js";

type EntryQueue =
  | "gateway-client"
  | "gateway-entry-streams"
  | "gateway-entry-streams-clients"
  | "gateway-entry-streams-operators";

export interface OrderServiceDependencies extends OrderEntryDependencies {
  readonly shares: ClientShares;
}

export class OrderService {
  private readonly deps: OrderServiceDependencies;
  private readonly entries = new Set<OrderEntry>();
  private readonly streams = new StreamCount("order-entry", ENTRY_STREAMS_MAX);
  readonly handlers: OrderServiceServer;

  constructor(desk: OrderDesk, handler: ReturnType<typeof unary>, deps: OrderServiceDependencies) {
    this.deps = deps;
    const { shares, intake } = deps;
    const submit = async (session: Session, command: OrderCommand["command"]) => {
      const addressee = intake.addressee(session, { requestId: 0, command });
      const call = () => desk.submit(session, command);
      // Whose account is none of the session's is told so.
      if (!addressee) return { result: await call() };
      const { shard } = addressee;
      return { result: await shares.waitFor(session, shard, priorityOf(command), call) };
    };
    this.handlers = {
      placeOrder: handler((value, session) => submit(session(), { $case: "place", value })),
      placePair: handler((value, session) => submit(session(), { $case: "placePair", value })),
      cancelOrder: handler((value, session) => submit(session(), { $case: "cancel", value })),
      reduceOrder: handler((value, session) => submit(session(), { $case: "reduce", value })),
      amendOrder: handler((value, session) => submit(session(), { $case: "amend", value })),
      cancelAll: handler((request, session) =>
        shares.take(session(), request.account, (account) => desk.cancelAll(account, request)),
      ),
      getOrder: handler((request, session) =>
        desk.get(session().account(request.account), request),
      ),
      listOpenOrders: handler(({ account }, session) => desk.open(session().account(account))),
      resolveOrder: handler((request, session) =>
        shares.take(session(), request.account, (account) =>
          desk.resolve(account, request.clientOrderId),
        ),
      ),
      orderEntry: (call) => this.openEntry(call),
    };
  }

  queues(): QueueStates<EntryQueue> {
    const { ofClient, ofClients, ofOperators } = this.streams.counts;
    return {
      "gateway-client": longest(this.deps.shares.clients.unread()),
      "gateway-entry-streams": { length: ofClient },
      "gateway-entry-streams-clients": { length: ofClients },
      "gateway-entry-streams-operators": { length: ofOperators },
    };
  }

  /** Ends the order-entry streams: this gateway is stopping. */
  close(): void {
    for (const entry of this.entries) {
      entry.fail(gatewayStopping("connect again"));
    }
  }

  private openEntry(call: EntryCall): void {
    try {
      const session = Session.of(call.metadata);
      // Each of its commands would be refused: it takes no place from those who may enter orders.
      session.requireActing();
      const end = this.streams.open(session);
      const client = this.deps.shares.clients.of(session);
      const entry = new OrderEntry(call, session, client, this.deps, (each) => {
        this.entries.delete(each);
        end();
      });
      this.entries.add(entry);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      call.emit("error", error.toServiceError());
    }
  }
}
