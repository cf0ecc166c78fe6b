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

/** Those of which a picture is saved; what is wrong is looked for on all. */
const PICTURED = ["desk-light", "phone-dark"];

/** Gives what is wrong with it, on which screen; pictures are saved under the name. */
export async function look(browser: Browser, file: string, name: string): Promise<string[]> {
  mkdirSync(PICTURES, { recursive: true });
  const page = await browser.newPage();
  const found = listen(page, pathToFileURL(file).href);
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    await page.setViewportSize(viewport);
    await page.goto(pathToFileURL(file).href);
    for (const colorScheme of SCHEMES) {
      const where = `${screen}-${colorScheme}`;
      await page.emulateMedia({ colorScheme });
      const defects = await page.evaluate<string[]>(DEFECTS);
      found.push(...defects.map((defect) => `${where}: ${defect}`));
      if (!PICTURED.includes(where)) continue;
      await page.screenshot({ path: join(PICTURES, `${name}-${where}.png`), fullPage: true });
    }
  }
  await page.close();
  return found;
}

/** What a page does that it should not, as it happens. */
function listen(page: Page, address: string): string[] {
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
  return found;
}
