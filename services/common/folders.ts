/** Folders that somebody has named, who may have named anything. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it, where they are missing. One by one: `mkdirSync` with `recursive` never returns where a
 * parent takes no folders at all, as below /proc. Throws as `mkdirSync` does.
 */
export function makeFolders(folder: string): void {
  const parent = dirname(folder);
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  if (parent !== folder) makeFolders(parent);
  mkdirSync(folder);
}
