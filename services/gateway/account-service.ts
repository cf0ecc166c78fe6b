/** Accounts: open, deposit, balances, and their events as a stream. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { Code, codeName } from "../../actors/kernel/codes.js";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import { DEPOSIT_KEY_LENGTH_MAX, SHARD_DEPOSITS_UNITS_MAX } from "../../actors/kernel/limits.js";
import { type ClientCommand, encodeLedgerCommand } from "../../actors/ledger/messages.js";
import type {
  AccountServiceServer,
  DepositRequest,
  DepositResponse,
  GetBalancesResponse,
  OpenAccountResponse,
  SubscribeAccountEventsRequest,
  SubscribeAccountEventsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Reads } from "../ports/reads.js";
import { AccountStream, type AccountStreamDependencies } from "./account-stream.js";
import { codeText, refusalOfCode } from "./code-text.js";
import type { Commands } from "./commands.js";
import { publicAsset } from "./convert.js";
import { MalformedRequest } from "./decode.js";
import type { Answer } from "./pending.js";
import { invalid, notFound, outcomeUnknown, Refusal, unavailable } from "./refusal.js";
import { Session } from "./session.js";
import { fromPostgres, type unary } from "./unary.js";

/** Numbers from the sequence that clients have taken by themselves before. */
const FREE_NUMBER_TRIES_MAX = 100;

export interface AccountServiceDependencies extends AccountStreamDependencies {
  readonly unary: ReturnType<typeof unary>;
  readonly reads: Pick<Reads, "nextAccountNumber" | "balances" | "accountHeads" | "journalFrom">;
  readonly commands: Commands;
  readonly logger: Logger;
  readonly shards: number;
}

type SubscribeCall = ServerWritableStream<
  SubscribeAccountEventsRequest,
  SubscribeAccountEventsResponse
>;

export class AccountService {
  private readonly deps: AccountServiceDependencies;
  private readonly streams = new Set<AccountStream>();
  readonly handlers: AccountServiceServer;

  constructor(deps: AccountServiceDependencies) {
    this.deps = deps;
    const { unary } = deps;
    this.handlers = {
      openAccount: unary(async (request, session) => {
        const { account } = request;
        if (account === 0 && session().isForAll) return this.openNext();
        return this.open(session().account(account));
      }),
      deposit: unary((request, session) =>
        this.deposit(session().account(request.account), request),
      ),
      getBalances: unary((request, session) => this.balances(session().account(request.account))),
      subscribeAccountEvents: (call) => this.subscribe(call),
    };
  }

  /** Ends the event streams: this gateway is stopping. */
  close(): void {
    for (const stream of this.streams) {
      stream.fail(unavailable("GATEWAY_STOPPING", "this gateway is stopping; resume elsewhere", 0));
    }
  }

  /** Idempotent: an account that is open stays so. */
  private async open(account: number): Promise<OpenAccountResponse> {
    const answer = await this.send({ kind: "open", account, deadline: this.deadline() });
    if (answer.code === Code.OK || answer.code === Code.ACCOUNT_EXISTS) {
      return { account, shard: shardOfAccount(account, this.deps.shards) };
    }
    throw refusalOfCode(answer.code);
  }

  private async openNext(): Promise<OpenAccountResponse> {
    for (let n = 0; n < FREE_NUMBER_TRIES_MAX; n++) {
      const account = await fromPostgres(this.deps.reads.nextAccountNumber());
      const answer = await this.send({ kind: "open", account, deadline: this.deadline() });
      if (answer.code === Code.OK) {
        return { account, shard: shardOfAccount(account, this.deps.shards) };
      }
      if (answer.code !== Code.ACCOUNT_EXISTS) throw refusalOfCode(answer.code);
    }
    throw unavailable("NO_FREE_ACCOUNT", "no free account number was found; try again", 0);
  }

  private async deposit(account: number, request: DepositRequest): Promise<DepositResponse> {
    const { amount, idempotencyKey: key } = request;
    const problem = depositProblem(request);
    if (problem) throw problem;
    const asset = await this.assetNumber(request.asset);
    const deadline = this.deadline();
    const answer = await this.send({ kind: "deposit", account, deadline, asset, amount, key });
    if (answer.code !== Code.OK) throw refusalOfCode(answer.code);
    return { repeated: answer.repeated };
  }

  private async assetNumber(name: string): Promise<number> {
    const { catalog } = this.deps;
    if (!catalog.asset(name) && !catalog.isFresh) await fromPostgres(catalog.refresh());
    const found = catalog.asset(name);
    if (found) return found.asset;
    throw notFound(codeName(Code.UNKNOWN_ASSET), codeText(Code.UNKNOWN_ASSET));
  }

  private async balances(account: number): Promise<GetBalancesResponse> {
    const { catalog, reads } = this.deps;
    const found = await fromPostgres(reads.balances(account));
    if (!found) throw refusalOfCode(Code.UNKNOWN_ACCOUNT);
    if (found.balances.some(({ asset }) => !catalog.assetById(asset))) {
      await fromPostgres(catalog.refresh());
    }
    const balances = found.balances.map(({ asset, total, held }) => ({
      asset: publicAsset(catalog, asset),
      total,
      held,
      available: total - held,
    }));
    return { balances, sequence: found.sequence };
  }

  private async send(command: ClientCommand): Promise<Answer> {
    const { commands, shards } = this.deps;
    const shard = shardOfAccount(command.account, shards);
    const answer = await new Promise<Answer | null>((resolve, reject) => {
      const refusal = commands.submit(shard, encodeLedgerCommand(command), resolve);
      if (refusal) reject(refusal);
    });
    if (!answer) throw outcomeUnknown();
    return answer;
  }

  private deadline(): number {
    return this.deps.commands.deadline();
  }

  private subscribe(call: SubscribeCall): void {
    const request = call.request as SubscribeAccountEventsRequest | MalformedRequest;
    try {
      if (request instanceof MalformedRequest) throw request.toRefusal();
      const session = Session.of(call.metadata);
      const stream = new AccountStream(call, this.deps, (each) => this.streams.delete(each));
      this.streams.add(stream);
      void stream.start(session, request.accounts);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      call.emit("error", error.toServiceError());
    }
  }
}

function depositProblem({ amount, idempotencyKey }: DepositRequest): Refusal | undefined {
  if (amount < 1) return refusalOfCode(Code.AMOUNT_NOT_POSITIVE);
  if (amount > SHARD_DEPOSITS_UNITS_MAX) return refusalOfCode(Code.AMOUNT_TOO_LARGE);
  if (idempotencyKey === "") return refusalOfCode(Code.DEPOSIT_KEY_MISSING);
  if (!/^[!-~]+$/.test(idempotencyKey) || idempotencyKey.length > DEPOSIT_KEY_LENGTH_MAX) {
    const message = `an idempotency key is 1 to ${DEPOSIT_KEY_LENGTH_MAX} visible ASCII characters`;
    return invalid("DEPOSIT_KEY_INVALID", message);
  }
  return undefined;
}
