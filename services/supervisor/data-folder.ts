/** Where an exchange keeps its data: the folder it was given, or one of its own that goes with it. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeDataDir } from "../servers/data-dir.js";
import { postgresFolders } from "../servers/postgres.js";

/** PostgreSQL's user has to walk through the folder when the supervisor runs as root. */
const OTHERS_MAY_WALK_THROUGH = 0o711;

export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  /** Removes the data, if the folder was made for this exchange alone. */
  release(): void;
}

export function openDataFolder(dataDir: string | undefined): DataFolder {
  const path = resolve(dataDir ?? mkdtempSync(join(tmpdir(), "palisade-")));
  makeDataDir(path);
  const logs = join(path, "logs");
  makeDataDir(logs);
  if (dataDir !== undefined) return { path, logs, release: () => {} };
  chmodSync(path, OTHERS_MAY_WALK_THROUGH);
  const release = () => {
    const postgres = readdirSync(path).filter((name) => name.startsWith("postgres"));
    for (const folder of [...postgres.flatMap((name) => postgresFolders(join(path, name))), path]) {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  return { path, logs, release };
}
