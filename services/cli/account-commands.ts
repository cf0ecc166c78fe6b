/** The commands about accounts: what they have, what comes in and leaves, what they may do, and what they are warned of. */
import type { Command } from "commander";
import type { Common, LimitOptions, OpenOptions, TierOptions } from "./accounts.js";
import type { KeyOption } from "./cash.js";
import type { WarningsOptions } from "./warnings.js";

/** What every command is made with. */
export interface Shell {
  readonly program: Command;
  /** Adds what all commands to an exchange on this machine have. */
  readonly withData: (command: Command) => Command;
  /** Likewise, to those that look at its etcd or Postgres. */
  readonly withPlaces: (command: Command) => Command;
  /** Likewise, to those that go through a gateway. */
  readonly withGateway: (command: Command) => Command;
  /** Ends the process with what the command resolves to. */
  readonly run: (work: () => Promise<number | void>) => Promise<void>;
}

export function addAccountCommands({ program, withGateway, run }: Shell): void {
  withGateway(program.command("open [account]"))
    .description("open an account; without a number a free one is taken")
    .option(
      "--parent <account>",
      "as a sub-account of this one, whose group, tier and limits it has: its orders do not trade with that one's, by their self-trade prevention",
    )
    .action((account: string | undefined, options: OpenOptions) =>
      run(async () => (await import("./accounts.js")).open(account, options)),
    );

  withGateway(program.command("sub-accounts <account>"))
    .description(
      "the accounts that were opened under an account, and the state that is in force for each: its own, or its parent's where that allows less",
    )
    .action((account: string, options: Common) =>
      run(async () => (await import("./accounts.js")).subAccounts(account, options)),
    );

  withGateway(program.command("deposit <account> <asset> <amount>"))
    .description("deposit an amount of an asset")
    .option(
      "--key <text>",
      "idempotency key; the same key is the same deposit (default: one that was never used)",
    )
    .action((account: string, asset: string, amount: string, options: KeyOption) =>
      run(async () => (await import("./cash.js")).deposit(account, asset, amount, options)),
    );

  withGateway(program.command("withdraw <account> <asset> <amount>"))
    .description("ask for an amount of an asset to leave; it is held until an operator has decided")
    .option(
      "--key <text>",
      "idempotency key; the same key is the same withdrawal (default: one that was never used)",
    )
    .action((account: string, asset: string, amount: string, options: KeyOption) =>
      run(async () => (await import("./cash.js")).withdraw(account, asset, amount, options)),
    );

  withGateway(program.command("withdrawal <account> <key> <decision>"))
    .description(
      "decide on a withdrawal: approve, then settle (it has left); or refuse (it is given back)",
    )
    .action((account: string, key: string, decision: string, options: Common) =>
      run(async () => (await import("./cash.js")).decide(account, key, decision, options)),
    );

  withGateway(program.command("withdrawals [account]"))
    .description(
      "an account's withdrawals, the newest first; without one those of all that wait for a decision",
    )
    .action((account: string | undefined, options: Common) =>
      run(async () => (await import("./cash.js")).withdrawals(account, options)),
    );

  withGateway(program.command("transfer <account> <recipient> <asset> <amount>"))
    .description("send an amount of an asset to another account")
    .option(
      "--key <text>",
      "idempotency key; the same key is the same transfer (default: one that was never used)",
    )
    .action(
      (account: string, recipient: string, asset: string, amount: string, options: KeyOption) =>
        run(async () =>
          (await import("./cash.js")).transfer(account, recipient, asset, amount, options),
        ),
    );

  withGateway(program.command("transfers <account>"))
    .description("what an account has sent to others and was sent, the newest first")
    .action((account: string, options: Common) =>
      run(async () => (await import("./cash.js")).transfers(account, options)),
    );

  withGateway(program.command("account <account> [state]"))
    .description(
      "what an account may ask for from now on: active, close-only (sell, withdraw and transfer, but not buy), frozen (only to " +
        "cancel or reduce; it still receives deposits and transfers), closed; what it has open stays (cancel-all ends that)",
    )
    .action((account: string, state: string | undefined, options: Common) =>
      run(async () => (await import("./accounts.js")).state(account, state, options)),
    );

  withGateway(program.command("group <account> [number]"))
    .description(
      "the group of an account: its orders do not trade with those of the group's others, by their self-trade prevention (0: none)",
    )
    .action((account: string, number: string | undefined, options: Common) =>
      run(async () => (await import("./accounts.js")).group(account, number, options)),
    );

  withGateway(program.command("tier <account> [number]"))
    .description(
      "the tier of an account: which of its instruments' fees its orders are charged (npx palisade instruments shows them), and how much " +
        "it may ask for, unless it has limits of its own (PALISADE_TIER_LIMITS of the gateway)",
    )
    .option("--reset-limits", "give up its own limits for those of the tier")
    .action((account: string, number: string | undefined, options: TierOptions) =>
      run(async () => (await import("./accounts.js")).tier(account, number, options)),
    );

  withGateway(program.command("limits <account>"))
    .description(
      "how much an account may ask for; an option sets it from now on, whatever its tier's limits are (0: as much as the exchange allows)",
    )
    .option(
      "--orders-per-day <count>",
      "new orders in a day of UTC; counting begins when an account first has limits",
    )
    .option("--open-orders <count>", "orders that are open at once")
    .option("--requests-per-second <count>", "new orders and amends in a second")
    .action((account: string, options: LimitOptions) =>
      run(async () => (await import("./accounts.js")).limits(account, options)),
    );

  withGateway(program.command("review-limit <account> [asset] [value]"))
    .description(
      "above which value, in an asset that symbols are quoted in, new orders of an account are held for review; with a value, from now on (0: none)",
    )
    .action(
      (account: string, asset: string | undefined, value: string | undefined, options: Common) =>
        run(async () => (await import("./reviews.js")).limit(account, asset, value, options)),
    );

  withGateway(program.command("reviews"))
    .description("the orders that are held for review, those first whose time is over first")
    .action((options: Common) => run(async () => (await import("./reviews.js")).list(options)));

  withGateway(program.command("review <account> <id> <decision>"))
    .description(
      "decide on an order that is held for review: approve (it goes to its market) or refuse (it ends); of a pair both orders",
    )
    .action((account: string, id: string, decision: string, options: Common) =>
      run(async () => (await import("./reviews.js")).decide(account, id, decision, options)),
    );

  withGateway(program.command("balances <account>"))
    .description("what an account owns")
    .action((account: string, options: Common) =>
      run(async () => (await import("./accounts.js")).balances(account, options)),
    );

  withGateway(program.command("warnings"))
    .description("accounts whose orders were not what is usual: what is stored, or as it comes")
    .option("--follow", "go on with what comes, until interrupted")
    .option(
      "--since <time>",
      "from when on: 10m or 1d ago, 2026-01-31 (midnight, UTC), or like 2026-01-31T13:30:00Z (default: 1d; with --follow: now)",
    )
    .option("--account <account>", "those of one account")
    .option("--kind <kind>", "cancel-rate, self-trade, order-to-trade or order-spike")
    .action((options: WarningsOptions) =>
      run(async () => (await import("./warnings.js")).warnings(options)),
    );
}
