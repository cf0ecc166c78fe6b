/** Starting a process again although what it needs may still be away. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ExchangeProcess, ProcessError } from "../../services/supervisor/child.js";

const START_LIMIT_MS = 60_000;
const AGAIN_AFTER_MS = 200;

/** As whoever supervises processes does: until it runs, or the limit has passed. */
export async function untilStarted(process: ExchangeProcess): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      return await process.restart();
    } catch (error) {
      if (!(error instanceof ProcessError) || performance.now() > deadline) throw error;
      await sleep(AGAIN_AFTER_MS);
    }
  }
}
