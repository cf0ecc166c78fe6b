/** What the probe's account has to be before a drill: open, funded, nobody else's, and allowed as many orders. */
import {
  AccountState,
  type GetAccountLimitsResponse,
  type GetBalancesResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "../../services/cli/cli-error.js";
import { commandThrough } from "../../services/cli/whereabouts.js";
import { type ExchangeClient, ExchangeError } from "../../services/client/exchange-client.js";
import { formatDecimal } from "../../services/common/decimal.js";
import type { Pace } from "./probe.js";
import { fundsFor, type ProbeTerms } from "./probe-terms.js";

export interface ProbeNeeds {
  readonly account: number;
  /** Through which whoever is refused may put that right, as host:port. */
  readonly gateway: string;
  readonly terms: readonly ProbeTerms[];
  readonly pace: Pace;
}

/** Why a drill cannot be done with the account as it is; empty when it can. Throws `CliError` when there is none. */
export async function accountObstacles(
  client: ExchangeClient,
  needs: ProbeNeeds,
): Promise<CliError[]> {
  const { account } = needs;
  const [balances, limits, open] = await known(needs, () =>
    Promise.all([
      client.balances(account),
      client.accountLimits(account),
      client.openOrders(account),
    ]),
  );
  const obstacles = [...fundObstacles(balances, needs), ...limitObstacles(limits, needs)];
  if (balances.state !== AccountState.ACCOUNT_STATE_ACTIVE) {
    obstacles.push(
      new CliError(
        "PROBE_ACCOUNT_NOT_ACTIVE",
        `account ${account} may not buy; ${commandOf(needs, `account ${account} active`)} lets it`,
      ),
    );
  }
  if (open.length > 0) {
    obstacles.push(
      new CliError(
        "PROBE_ACCOUNT_IN_USE",
        `account ${account} has ${open.length} open orders, and a probe's account is nobody else's. ` +
          `Take another, or ${commandOf(needs, `cancel-all ${account}`)}`,
      ),
    );
  }
  return obstacles;
}

function commandOf({ gateway }: ProbeNeeds, words: string): string {
  return commandThrough(gateway, words);
}

async function known<T>(needs: ProbeNeeds, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.code !== "UNKNOWN_ACCOUNT") throw error;
    const { account } = needs;
    throw new CliError(
      "PROBE_ACCOUNT_UNKNOWN",
      `there is no account ${account}; ${commandOf(needs, `open ${account}`)} makes one for the probe alone`,
    );
  }
}

function fundObstacles({ balances }: GetBalancesResponse, needs: ProbeNeeds): CliError[] {
  const { account, terms, pace } = needs;
  return fundsFor(terms, pace.ordersOpenMax).flatMap(({ asset, units }) => {
    const has = balances.find((each) => each.asset!.name === asset.name)?.available ?? 0;
    if (has >= units) return [];
    const text = (amount: number) => formatDecimal(amount, asset.decimals);
    return [
      new CliError(
        "PROBE_FUNDS_MISSING",
        `account ${account} has ${text(has)} ${asset.name} available, and the probe needs ${text(units)} for ` +
          `${pace.ordersOpenMax} orders at once: ${commandOf(needs, `deposit ${account} ${asset.name} ${text(units - has)}`)}`,
      ),
    ];
  });
}

function limitObstacles(
  { limits, reviewLimits }: GetAccountLimitsResponse,
  needs: ProbeNeeds,
): CliError[] {
  const { account, terms, pace } = needs;
  const found: CliError[] = [];
  const { requestsPerSecond, openOrders, ordersPerDay } = limits!;
  const isBelow = (limit: number, wanted: number) => limit > 0 && limit < wanted;
  // It is counted by the day, and a drill of some rounds is soon beyond any limit that a person has.
  if (
    isBelow(requestsPerSecond, pace.ordersPerSecond) ||
    isBelow(openOrders, pace.ordersOpenMax) ||
    ordersPerDay > 0
  ) {
    found.push(
      new CliError(
        "PROBE_LIMITED",
        `account ${account} may send less than the probe does (${pace.ordersPerSecond} orders a second, ${pace.ordersOpenMax} ` +
          `open at once, no limit a day); ${commandOf(needs, `limits ${account}`)} shows it, and changes it`,
      ),
    );
  }
  for (const { asset, value } of reviewLimits) {
    const held = terms.find((each) => each.asset.name === asset!.name && each.value > value);
    if (!held) continue;
    found.push(
      new CliError(
        "PROBE_HELD_FOR_REVIEW",
        `orders of account ${account} for ${held.symbol} would be held for review; ` +
          `${commandOf(needs, `review-limit ${account} ${asset!.name} 0`)} lifts that`,
      ),
    );
  }
  return found;
}
