/** Looks at a page as people do: on a desk and on a phone, in light and in dark. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

/** Where pictures of all pages go that tests have looked at. */
export const PICTURES = join(PROJECT_ROOT, "coverage", "pages");

const DEFECTS = readFileSync(join(PROJECT_ROOT, "test", "helpers", "page-defects.mjs"), "utf8");
const SCREENS = {
  desk: { width: 1_280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;
const SCHEMES = ["light", "dark"] as const;

/** Gives what is wrong with it, on which screen; pictures are saved under the name. */
export async function look(browser: Browser, file: string, name: string): Promise<string[]> {
  mkdirSync(PICTURES, { recursive: true });
  const found: string[] = [];
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    for (const colorScheme of SCHEMES) {
      const page = await browser.newPage({ viewport, colorScheme });
      const where = `${screen}, ${colorScheme}`;
      found.push(...(await defects(page, file)).map((defect) => `${where}: ${defect}`));
      const path = join(PICTURES, `${name}-${screen}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      await page.close();
    }
  }
  return found;
}

async function defects(page: Page, file: string): Promise<string[]> {
  const address = pathToFileURL(file).href;
  const found: string[] = [];
  page.on("console", (message) => found.push(`the console says: ${message.text()}`));
  page.on("pageerror", (error) => found.push(`a script fails: ${error.message}`));
  page.on("dialog", (dialog) => {
    found.push(`a dialog opens: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (url !== address && !url.startsWith("data:")) found.push(`it asks for ${url}`);
  });
  await page.goto(address);
  return [...found, ...(await page.evaluate<string[]>(DEFECTS))];
}
