/** Accounts over gRPC: unary calls, and their events as a stream. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import type {
  AccountServiceServer,
  SubscribeAccountEventsRequest,
  SubscribeAccountEventsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { longest, type QueueStates } from "../common/queues.js";
import type { AccountDesk } from "./account-desk.js";
import { AccountStream, type AccountStreamDependencies } from "./account-stream.js";
import type { ClientShares } from "./client-shares.js";
import { MalformedRequest } from "./decode.js";
import { EVENT_STREAMS_MAX } from "./limits.js";
import { gatewayStopping, Refusal } from "./refusal.js";
import type { ReviewDesk } from "./review-desk.js";
import { Session } from "./session.js";
import { StreamCount } from "./stream-count.js";
import type { unary } from "./unary.js";

type SubscribeCall = ServerWritableStream<
  SubscribeAccountEventsRequest,
  SubscribeAccountEventsResponse
>;

type EventQueue =
  | "gateway-events"
  | "gateway-events-all"
  | "gateway-blocks"
  | "gateway-event-streams"
  | "gateway-event-streams-clients"
  | "gateway-event-streams-operators";

export interface AccountServiceDependencies extends AccountStreamDependencies {
  readonly shares: ClientShares;
}

export class AccountService {
  private readonly deps: AccountServiceDependencies;
  private readonly streams = new Set<AccountStream>();
  private readonly count = new StreamCount("event", EVENT_STREAMS_MAX);
  readonly handlers: AccountServiceServer;

  constructor(
    desk: AccountDesk,
    reviews: ReviewDesk,
    handler: ReturnType<typeof unary>,
    deps: AccountServiceDependencies,
  ) {
    this.deps = deps;
    const { shares } = deps;
    const operated = (session: () => Session, account: number): number => {
      session().requireAll(
        "to deposit, to decide on withdrawals and reviews, and to say what accounts may do",
      );
      return session().acting(account);
    };
    this.handlers = {
      openAccount: handler(async (request, session) => {
        const { account, parent } = request;
        if (parent !== 0) session().acting(parent);
        if (account !== 0) {
          return shares.take(session(), account, (own) => desk.open(own, parent));
        }
        if (parent !== 0) return shares.take(session(), parent, (own) => desk.openNext(own));
        if (!session().isForAll) return shares.take(session(), 0, (own) => desk.open(own));
        session().requireActing();
        return desk.openNext(parent);
      }),
      deposit: handler((request, session) =>
        desk.deposit(operated(session, request.account), request),
      ),
      withdraw: handler((request, session) =>
        shares.take(session(), request.account, (account) => desk.withdraw(account, request)),
      ),
      decideWithdrawal: handler((request, session) =>
        desk.decideWithdrawal(operated(session, request.account), request),
      ),
      listWithdrawals: handler(({ account }, session) => {
        if (account === 0 && session().isForAll) return desk.withdrawals();
        return desk.withdrawals(session().account(account));
      }),
      transfer: handler((request, session) =>
        shares.take(session(), request.account, (account) => desk.transfer(account, request)),
      ),
      listSubAccounts: handler(({ account }, session) =>
        desk.subAccounts(session().account(account)),
      ),
      listTransfers: handler(({ account }, session) => desk.transfers(session().account(account))),
      setAccountState: handler((request, session) =>
        desk.setState(operated(session, request.account), request.state),
      ),
      setAccountGroup: handler((request, session) =>
        desk.setGroup(operated(session, request.account), request.group),
      ),
      setAccountTier: handler((request, session) =>
        desk.setTier(operated(session, request.account), request),
      ),
      setAccountLimits: handler((request, session) =>
        desk.setLimits(operated(session, request.account), request.limits),
      ),
      getAccountLimits: handler(({ account }, session) => desk.limits(session().account(account))),
      setReviewLimit: handler((request, session) =>
        desk.setReviewLimit(operated(session, request.account), request),
      ),
      decideReview: handler((request, session) =>
        reviews.decide(operated(session, request.account), request),
      ),
      listReviews: handler((_request, session) => {
        session().requireToSeeAll("to see which orders are held for review");
        return reviews.list();
      }),
      getBalances: handler((request, session) => desk.balances(session().account(request.account))),
      subscribeAccountEvents: (call) => this.subscribe(call),
    };
  }

  queues(): QueueStates<EventQueue> {
    const streams = [...this.streams];
    const { ofClient, ofClients, ofOperators } = this.count.counts;
    return {
      "gateway-events": longest(streams.map((stream) => stream.queuedEvents)),
      "gateway-events-all": { length: this.deps.unread.count },
      "gateway-blocks": longest(streams.flatMap((stream) => stream.bufferedBlocks)),
      "gateway-event-streams": { length: ofClient },
      "gateway-event-streams-clients": { length: ofClients },
      "gateway-event-streams-operators": { length: ofOperators },
    };
  }

  /** Ends the event streams: this gateway is stopping. */
  close(): void {
    for (const stream of this.streams) {
      stream.fail(gatewayStopping("resume elsewhere"));
    }
  }

  private subscribe(call: SubscribeCall): void {
    const request = call.request as SubscribeAccountEventsRequest | MalformedRequest;
    try {
      if (request instanceof MalformedRequest) throw request.toRefusal();
      const session = Session.of(call.metadata);
      const end = this.count.open(session);
      const stream = new AccountStream(call, this.deps, (each) => {
        this.streams.delete(each);
        end();
      });
      this.streams.add(stream);
      void stream.start(session, request.accounts);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      call.emit("error", error.toServiceError());
    }
  }
}
