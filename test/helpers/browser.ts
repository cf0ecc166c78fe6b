/** A real browser for pages: Debian's Chromium, which is installed where that is possible and it is missing. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const INSTALL = join(PROJECT_ROOT, "deploy", "apt", "install-servers.sh");
const INSTALL_LIMIT_MS = 240_000;
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const find = (): string | undefined => PLACES.find((path) => existsSync(path));

/** Gives why there is none, in words, where it cannot be had. */
export function ensureBrowser(): string | undefined {
  if (find() !== undefined) return undefined;
  if (!existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0) {
    return `there is no Chromium in ${PLACES.join(", ")}, and no right to install it (apt-get, as root)`;
  }
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, { encoding: "utf8", timeout: INSTALL_LIMIT_MS });
  const install = () => run("sh", [INSTALL, "chromium"]);
  let { status, stderr } = install();
  if (status !== 0) {
    run("/usr/bin/apt-get", ["update"]); // The lists may be missing or old.
    ({ status, stderr } = install());
  }
  return find() !== undefined ? undefined : `apt could not install chromium (${status}): ${stderr}`;
}

/** With a fresh profile of its own, which is gone when it is closed. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: find()!, args: ARGS });
}
