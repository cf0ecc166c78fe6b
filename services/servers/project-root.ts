/** The project's folder, the same for the sources and for what is compiled from them. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("package.json not found above the running code");
  return findRoot(parent);
}

export const PROJECT_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
