/** Where the exchange is that a command is about: its etcd and Postgres, and its gateway, on this machine or elsewhere. */
import { loadConfig } from "../common/config.js";
import { SETTINGS } from "../common/settings.js";
import { CliError } from "./cli-error.js";
import { dataDirectory, isRunning, readRunFile, type RunFile, startCommand } from "./run-file.js";
import { shellWord } from "./shell-word.js";

/** What a command was told of where its exchange is. */
export interface Whereabouts {
  readonly dataDir?: string;
  /** The gRPC address of one of its gateways, as host:port. */
  readonly gateway?: string;
}

/** Where an operator's view of an exchange comes from. */
export interface ClusterPlaces extends Pick<RunFile, "processes"> {
  readonly urls: Pick<RunFile["urls"], "etcd" | "postgres">;
}

export interface FoundPlaces extends ClusterPlaces {
  /** The data directory that says so; null: this process's variables do, and what runs there cannot be asked over HTTP. */
  readonly folder: string | null;
}

const ADDRESS = /^[A-Za-z0-9._-]+:[1-9]\d{0,4}$/;
/** What a process of the exchange is told by, and a command, too. */
const SAID_BY = ["etcdUrl", "postgresUrl"] as const;
const BOTH = SAID_BY.map((key) => SETTINGS[key].variable).join(" and ");

/** Where etcd and Postgres are: by the run file of the data directory's exchange, else by the settings that nodes have, too. */
export function placesOf({ dataDir, gateway }: Whereabouts): FoundPlaces {
  const folder = dataDirectory(dataDir);
  const { values, sources } = loadConfig();
  const urls = { etcd: values.etcdUrl, postgres: values.postgresUrl };
  const missing = SAID_BY.filter((key) => sources[key] === "default");
  const run = isRunning(folder) ? readRunFile(folder) : null;
  if (run !== null && (gateway === undefined || run.grpc === gateway)) {
    const isSaid = gateway !== undefined || dataDir !== undefined;
    // Nodes have the same names everywhere: what is wished of the wrong exchange would be done there.
    if (!isSaid && missing.length === 0 && !isSame(run.urls, urls)) {
      throw new CliError(
        "TWO_EXCHANGES",
        `one runs on ${folder}, and ${BOTH} name another. Say --data-dir ${shellWord(folder)} for the first; ` +
          "for the other name a folder by --data-dir on which none runs",
      );
    }
    return foundIn(folder, run);
  }
  if (missing.length === 0) return { urls, processes: [], folder: null };
  if (missing.length < SAID_BY.length) {
    throw new CliError(
      "OPERATOR_ADDRESSES_MISSING",
      `${SETTINGS[missing[0]!].variable} is not set, and it takes ${BOTH} to look at an exchange that does not run on ${folder}. ` +
        "Set both as its nodes have them, or name the folder of one that runs here by --data-dir",
    );
  }
  if (gateway !== undefined) {
    throw new CliError(
      "OPERATOR_ADDRESSES_MISSING",
      `a gateway does not say who leads what, and no exchange with the gateway ${gateway} runs on ${folder}. ` +
        `Name its folder by --data-dir, or set ${BOTH} as its nodes have them`,
    );
  }
  return foundIn(
    folder,
    readRunFile(folder, adviceOf(folder, `set ${BOTH} as its nodes have them`)),
  );
}

/** A gateway's address: as it is said, else that of the exchange on the data directory. */
export function gatewayOf({ dataDir, gateway }: Whereabouts): string {
  if (gateway !== undefined) return addressOf(gateway, "--gateway");
  const folder = dataDirectory(dataDir);
  return readRunFile(folder, adviceOf(folder, "name a gateway by --gateway HOST:PORT")).grpc;
}

/** `option`: by which it was said. */
export function addressOf(text: string, option: string): string {
  if (ADDRESS.test(text)) return text;
  throw new CliError(
    "NOT_AN_ADDRESS",
    `${option} is "${text}"; it is the gateway's gRPC address, like 127.0.0.1:41537`,
  );
}

/** An operator's command as it finds the same exchange again, from any terminal of this machine. */
export function commandFor({ folder }: FoundPlaces, words: string): string {
  const command = `npx palisade ${words}`;
  if (folder === null) return `${command} (with ${BOTH} set as its nodes have them)`;
  return `${command} --data-dir ${shellWord(folder)}`;
}

/** One that goes through a gateway. */
export function commandThrough(gateway: string, words: string): string {
  return `npx palisade ${words} --gateway ${gateway}`;
}

function isSame(one: ClusterPlaces["urls"], other: ClusterPlaces["urls"]): boolean {
  return one.etcd === other.etcd && one.postgres === other.postgres;
}

function foundIn(folder: string, { urls, processes }: RunFile): FoundPlaces {
  return { urls, processes, folder };
}

/** What is to be done where no exchange runs on the folder. */
function adviceOf(folder: string, elsewhere: string): string {
  return `Start one in another terminal with: ${startCommand(folder)}; to reach one that runs elsewhere ${elsewhere}`;
}
