/** The commands that work on what Postgres keeps, whether the exchange runs or not. */
import type { ArchiveOptions } from "./archive.js";
import type { AuditOptions } from "./audit.js";
import type { Shell } from "./account-commands.js";
import type { ExplainOptions } from "./explain.js";
import type { PositionsOptions } from "./positions.js";
import type { ReincarnateOptions } from "./reincarnate.js";
import type { StatementOptions } from "./statement.js";

export function addRecordCommands({ program, withData, run }: Shell): void {
  withData(program.command("audit"))
    .description("prove in SQL that nothing was made or lost, at rest or while trading goes on")
    .option("--explain", "what each rule proves, and nothing more")
    .option("--archives <folder>", "read the archive files too, and prove what was noted of them")
    .option("--url <postgres>", "the database, instead of the running exchange's")
    .action((options: AuditOptions) =>
      run(async () => (await import("./audit.js")).runAudit(options)),
    );

  withData(program.command("archive"))
    .description(
      "write old batches of the log, their journal rows, trades and ended orders to files, and delete them",
    )
    .option("--older-than <age>", "what is older goes, like 24h or 7d")
    .option("--before <time>", "or what is of earlier times, like 2026-01-31T00:00:00Z")
    .requiredOption("--to <folder>", "where the files go: one folder for all of an exchange")
    .option("--url <postgres>", "the database, instead of the running exchange's")
    .action((options: ArchiveOptions) =>
      run(async () => (await import("./archive.js")).runArchive(options)),
    );

  withData(program.command("reincarnate"))
    .description(
      "after a backup was restored, or a standby promoted that was not synchronous: void what was claimed before, " +
        "and begin all inboxes anew, so that nothing of the time that is lost is believed",
    )
    .option("--yes", "do it")
    .option("--url <postgres>", "the database, instead of that of the data directory's exchange")
    .action((options: ReincarnateOptions) =>
      run(async () => (await import("./reincarnate.js")).runReincarnate(options)),
    );

  withData(program.command("statement <account>"))
    .description(
      "an account's money line by line, as its journal says it (house.1: what shard 1 got in fees): CSV, whose first and " +
        "last rows (opening, closing) say what there is of each asset, or JSON with --json",
    )
    .option(
      "--from <time>",
      "the beginning: 10m or 1d ago, 2026-01-31 (midnight, UTC), or like 2026-01-31T13:30:00Z",
    )
    .option("--to <time>", "the end, which is no part of it, likewise")
    .option(
      "--archives <folder>",
      "the archive files, for a beginning that is older than what is kept",
    )
    .option("--url <postgres>", "the database, instead of the running exchange's")
    .action((account: string, options: StatementOptions) =>
      run(async () => (await import("./statement.js")).statement(account, options)),
    );

  withData(program.command("positions <account>"))
    .description(
      "what an account's trades have come to, by average cost, as its journal says it (realised: before fees)",
    )
    .option("--archives <folder>", "the archive files, where some of the journal is in them")
    .option("--url <postgres>", "the database, instead of the running exchange's")
    .action((account: string, options: PositionsOptions) =>
      run(async () => (await import("./positions.js")).positions(account, options)),
    );

  withData(program.command("explain <what>"))
    .description(
      "what became of an order (its number, or its client order id with --account), or who led an actor " +
        "(a symbol, ledger.1), when and why",
    )
    .option("--account <account>", "it is the client order id of an order of this account")
    .option("--url <postgres>", "the database, instead of the running exchange's")
    .action((what: string, options: ExplainOptions) =>
      run(async () => (await import("./explain.js")).explain(what, options)),
    );
}
