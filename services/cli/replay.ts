/** `replay`: an order-flow file against an exchange that is started for it, or against the bare market actor. */
import { replayOnEngine } from "../replay/engine.js";
import { readFlow } from "../replay/file.js";
import { replayOnExchange } from "../replay/exchange.js";
import { startExchange } from "../supervisor/exchange.js";
import { EXIT_FAILED } from "./exit-codes.js";
import { printJson, progress } from "./output.js";

export async function replay(
  file: string,
  options: { readonly engine?: boolean; readonly json?: boolean },
): Promise<number> {
  const report = options.engine ? await replayOnEngine(file) : await onExchange(file);
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.fillMismatches === 0 && report.bookMismatches === 0 ? 0 : EXIT_FAILED;
}

async function onExchange(file: string): ReturnType<typeof replayOnExchange> {
  // A file that cannot be read is said before anything is started.
  for await (const _ of readFlow(file)) break;
  const exchange = await startExchange({ log: progress });
  try {
    progress(`replaying ${file}`);
    return await replayOnExchange(exchange, file);
  } finally {
    await exchange.stop();
  }
}
