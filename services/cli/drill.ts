/** `drill`: one fault, again and again, on an exchange of its own or at a running one; or all of them once; or what there is. */
import { join } from "node:path";
import { type CampaignOptions, runAll } from "../../chaos/campaign.js";
import { type DrillOptions as OwnOptions, runDrill } from "../../chaos/drill.js";
import { DRILLS, drillOf } from "../../chaos/drills/catalog.js";
import { boundText } from "../../chaos/drills/drill.js";
import { PAGE_FILE } from "../../chaos/evidence/folder.js";
import { InterruptedError } from "../../chaos/interrupt.js";
import { isMutation, type MutationName, MUTATIONS } from "../../chaos/mutations/mutations.js";
import { badge } from "../../chaos/page/verdict.js";
import { runWithout } from "../../chaos/without.js";
import { lockDataDir } from "../servers/data-dir.js";
import { PROJECT_ROOT } from "../servers/project-root.js";
import { ServerError } from "../servers/server-error.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { makeReportFolder, reportFolder, tellReport, withoutEmptyFolder } from "./drill-folder.js";
import { type AgainstOptions, drillAgainst, listAgainst } from "./drill-against.js";
import { EXIT_BLIND, EXIT_FAILED, EXIT_INTERRUPTED } from "./exit-codes.js";
import { printJson, progress } from "./output.js";
import { interruption } from "./interruption.js";

const SEED = "1";
const ROUNDS_MAX = 10_000;
const MINUTES_MAX = 10_000;
const SEED_MAX = 2 ** 32 - 1;
const FOLDER = join(PROJECT_ROOT, ".palisade", "drill");

export interface DrillOptions extends AgainstOptions {
  readonly rounds?: string;
  readonly minutes?: string;
  readonly seed?: string;
  readonly without?: string;
  readonly keep?: boolean;
}

/** What would be passed over, by what else is asked for; and what to do instead. */
const PASSED_OVER: readonly {
  readonly when: (name: string, options: DrillOptions) => boolean;
  readonly options: readonly (keyof DrillOptions)[];
  readonly why: string;
}[] = [
  {
    when: (name) => name === "all",
    options: ["rounds", "minutes", "without"],
    why: "all strikes each drill as often as it takes to show all of it: name one drill instead of all",
  },
  {
    when: (name) => name === "list",
    options: ["rounds", "minutes", "seed", "without", "keep", "report"],
    why: "list only says which drills there are",
  },
  {
    when: (_, { without }) => without !== undefined,
    options: ["minutes", "report"],
    why: "--without ends as soon as the drill has noticed, after --rounds at most, and leaves no report",
  },
  {
    when: (_, { minutes }) => minutes !== undefined,
    options: ["rounds"],
    why: "--minutes strikes again and again for so long: take one of the two",
  },
];

/** What only drills at an exchange of its own take, and what only those at a running one do. */
const OF_ITS_OWN = ["minutes", "seed", "without", "keep"] as const;
const OF_A_RUNNING_ONE = [
  "account",
  "symbols",
  "nodes",
  "abortAfter",
  "dryRun",
  "dataDir",
] as const;

export async function drill(name: string, options: DrillOptions): Promise<number> {
  refuseOutOfPlace(name, options);
  if (name === "list") return list(options);
  if (options.against !== undefined) return drillAgainst(name, options);
  const rounds =
    options.rounds === undefined
      ? undefined
      : parseWhole(options.rounds, 1, ROUNDS_MAX, "number of rounds");
  const seed = parseWhole(options.seed ?? SEED, 0, SEED_MAX, "seed");
  const minutes =
    options.minutes === undefined
      ? undefined
      : parseWhole(options.minutes, 1, MINUTES_MAX, "number of minutes");
  const keep = options.keep ?? false;
  const without = mutationOf(options.without);
  if (name !== "all") drillOf(name);
  const folder = reportFolder(name, options.report);
  const unlock = lockDrills(FOLDER);
  try {
    const common = {
      seed,
      keep,
      signal: interruption(
        "ending the drill: what it stopped is resumed, what it started is ended",
      ),
    };
    const amount = rounds === undefined ? {} : { rounds };
    if (without) return await notices(name, without, { ...common, ...amount });
    return await withoutEmptyFolder(folder, async () => {
      makeReportFolder(folder);
      if (name === "all") return all({ ...common, folder });
      const time = minutes === undefined ? {} : { minutes };
      const report = await runDrill(name, { ...common, ...amount, ...time, folder, log: progress });
      progress(`${name}: ${badge(report).text}`);
      tellReport(folder, PAGE_FILE);
      if (options.json) printJson(report);
      else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      return report.ok ? 0 : EXIT_FAILED;
    });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    progress(error.message);
    return EXIT_INTERRUPTED;
  } finally {
    unlock();
  }
}

/** Each line is JSON, whatever is asked for: what comes first is to be read while the rest runs. */
async function all(
  options: Pick<CampaignOptions, "seed" | "keep" | "signal"> & { readonly folder: string },
): Promise<number> {
  const report = await runAll({ ...options, log: progress, tell: printJson });
  tellReport(options.folder, PAGE_FILE);
  printJson(report);
  return report.failed === 0 ? 0 : EXIT_FAILED;
}

/** Red is what is wanted here. */
async function notices(
  name: string,
  without: MutationName,
  options: Pick<OwnOptions, "rounds" | "seed" | "keep" | "signal">,
): Promise<number> {
  const found = await runWithout(without, name, { ...options, log: progress });
  printJson(found);
  progress(
    found.noticed
      ? `${name} has noticed that ${without} is missing, in round ${found.rounds}: ${found.by[0]}`
      : `${name} has NOT noticed that ${without} is missing: it is blind to it, or it took too few rounds`,
  );
  return found.noticed ? EXIT_FAILED : EXIT_BLIND;
}

/** Throws `CliError` with what is allowed. */
function mutationOf(name: string | undefined): MutationName | undefined {
  if (name === undefined || isMutation(name)) return name;
  const allowed = Object.keys(MUTATIONS).join(", ");
  throw new CliError("UNKNOWN_MUTATION", `"${name}" cannot be taken away; these can: ${allowed}`);
}

/** An option that would be passed over is a mistake. */
function refuseOutOfPlace(name: string, options: DrillOptions): void {
  for (const { when, options: over, why } of PASSED_OVER) {
    const odd = when(name, options) && over.find((each) => options[each] !== undefined);
    if (odd)
      throw new CliError("OPTION_OUT_OF_PLACE", `${flagOf(odd)} would be passed over: ${why}`);
  }
  const isRunning = options.against !== undefined;
  const odd = (isRunning ? OF_ITS_OWN : OF_A_RUNNING_ONE).find(
    (each) => options[each] !== undefined,
  );
  if (odd === undefined) return;
  throw new CliError(
    "OPTION_OUT_OF_PLACE",
    `${flagOf(odd)} is for drills ${isRunning ? "at an exchange of their own, without" : "at a running exchange, with"} --against`,
  );
}

function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function list({ json = false, against }: DrillOptions): number {
  if (against !== undefined) {
    listAgainst(json);
    return 0;
  }
  const lines = DRILLS.map(({ name, hypothesis, about, bound }) => ({
    drill: name,
    hypothesis,
    about,
    bound: boundText(bound),
  }));
  if (json) for (const line of lines) printJson(line);
  else {
    const text = lines.map(
      ({ drill: each, hypothesis, about, bound }) =>
        `${each}\n  believed: ${hypothesis}\n  done:     ${about}\n  bound:    ${bound}\n`,
    );
    process.stdout.write(text.join(""));
  }
  return 0;
}

/** Two at once would measure each other. Throws `CliError`. */
export function lockDrills(folder: string): () => void {
  try {
    return lockDataDir(folder);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== "DATA_DIR_IN_USE") throw error;
    const owner = /process \d+/.exec(error.message)?.[0] ?? "another process";
    throw new CliError(
      "DRILL_RUNNING",
      `${owner} runs a drill, and two at once would strike the measure of each other. Wait for it, or end it by Ctrl-C`,
    );
  }
}
