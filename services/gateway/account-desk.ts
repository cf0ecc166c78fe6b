/** Accounts as whoever serves clients asks for them: open, deposit, balances. */
import { Code, codeName } from "../../actors/kernel/codes.js";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import { DEPOSIT_KEY_LENGTH_MAX, SHARD_DEPOSITS_UNITS_MAX } from "../../actors/kernel/limits.js";
import { type ClientCommand, encodeLedgerCommand } from "../../actors/ledger/messages.js";
import type {
  DepositRequest,
  DepositResponse,
  GetBalancesResponse,
  OpenAccountResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Reads } from "../ports/reads.js";
import type { Catalog } from "./catalog.js";
import { codeText, refusalOfCode } from "./code-text.js";
import type { Commands } from "./commands.js";
import { publicAsset } from "./convert.js";
import type { Answer } from "./pending.js";
import { invalid, notFound, outcomeUnknown, type Refusal, unavailable } from "./refusal.js";
import { fromPostgres } from "./unary.js";

/** Numbers from the sequence that clients have taken by themselves before. */
const FREE_NUMBER_TRIES_MAX = 100;

export interface AccountDeskDependencies {
  readonly reads: Pick<Reads, "nextAccountNumber" | "balances">;
  readonly catalog: Catalog;
  readonly commands: Commands;
  readonly shards: number;
}

/** Every answer is the shard's or Postgres's; all else rejects with a `Refusal`. */
export class AccountDesk {
  private readonly deps: AccountDeskDependencies;

  constructor(deps: AccountDeskDependencies) {
    this.deps = deps;
  }

  /** Idempotent: an account that is open stays so. */
  async open(account: number): Promise<OpenAccountResponse> {
    const answer = await this.send({ kind: "open", account, deadline: this.deadline() });
    if (answer.code === Code.OK || answer.code === Code.ACCOUNT_EXISTS) {
      return { account, shard: shardOfAccount(account, this.deps.shards) };
    }
    throw refusalOfCode(answer.code);
  }

  /** Opens an account under a number that is free. */
  async openNext(): Promise<OpenAccountResponse> {
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

  async deposit(account: number, request: DepositRequest): Promise<DepositResponse> {
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

  async balances(account: number): Promise<GetBalancesResponse> {
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
