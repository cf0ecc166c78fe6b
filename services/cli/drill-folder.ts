/** Where a drill leaves its report and its evidence. */
import { existsSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { makeFolders } from "../common/folders.js";
import { PROJECT_ROOT } from "../servers/project-root.js";
import { CliError } from "./cli-error.js";
import { progress } from "./output.js";
import { shellWord } from "./shell-word.js";

/** Each drill leaves a folder here, unless it is told where. */
const REPORTS = join(PROJECT_ROOT, ".palisade", "drills");
/** Written and removed, to see whether a folder takes files. */
const TRIAL_FILE = ".palisade-trial";

/** `drill`, its name, may be anything. Throws `CliError` where something else is already, or a file is in its way. */
export function reportFolder(drill: string, wanted: string | undefined): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  if (wanted === undefined) return join(REPORTS, `${time}-${slugOf(drill)}`);
  const folder = resolve(wanted);
  const file = fileInTheWay(folder);
  if (file !== null) {
    const name = file === folder ? wanted : file;
    throw new CliError("REPORT_FOLDER_REFUSED", `${name} is a file; name a folder that is new`);
  }
  if (!existsSync(folder) || readdirSync(folder).length === 0) return folder;
  throw new CliError(
    "REPORT_FOLDER_IN_USE",
    `${wanted} is not empty, and evidence stands alone: name a folder that is new, or leave --report out`,
  );
}

/** Before anything is started or struck: throws `CliError` where nothing could be kept. */
export function makeReportFolder(folder: string): void {
  try {
    makeFolders(folder);
    const trial = join(folder, TRIAL_FILE);
    writeFileSync(trial, "");
    rmSync(trial);
  } catch (error) {
    throw new CliError(
      "REPORT_FOLDER_REFUSED",
      `the folder of the report cannot be made and written (${(error as Error).message}): name another by --report`,
    );
  }
}

/** Of work that may make a folder: it is gone again where nothing was put into it, however the work has ended. */
export async function withoutEmptyFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const isNew = !existsSync(folder);
  const leave = (): void => {
    if (isNew && existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  };
  // A second Ctrl-C ends the process in the midst of the work.
  process.once("exit", leave);
  try {
    return await work();
  } finally {
    process.off("exit", leave);
    leave();
  }
}

/** Of a path and what is above it, the first that is there: null where that is a folder. */
function fileInTheWay(path: string): string | null {
  const parent = dirname(path);
  if (existsSync(path)) return statSync(path).isDirectory() ? null : path;
  return parent === path ? null : fileInTheWay(parent);
}

/** `file`: the one to read. */
export function tellReport(folder: string, file: string): void {
  const path = relative(process.cwd(), folder);
  progress(`the report is ${join(path, file)}; judge it again: ${verifyCommand(folder)}`);
}

/** As it is typed here. */
export function verifyCommand(folder: string): string {
  return `npx palisade verify ${shellWord(relative(process.cwd(), folder) || ".")}`;
}

/** Without what a path or a shell reads otherwise. */
function slugOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}
