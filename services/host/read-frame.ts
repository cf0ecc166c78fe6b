/** What of an inbox is a frame of somebody who is known. The rest is passed over, counted, and said in the log. */
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeFrame, type Frame } from "../../actors/kernel/frame.js";
import type { HostDependencies } from "./dependencies.js";

/**
 * Null when the bytes are no frame, or one of an actor that is not known. That one is told to `onUnknown`: perhaps it is
 * so new that it is known only when it sends again.
 */
export function readFrame(
  deps: Pick<HostDependencies, "directory" | "logger" | "observer">,
  actorName: string,
  data: Uint8Array,
  onUnknown: (source: number) => void,
): Frame | null {
  const { directory, logger, observer } = deps;
  try {
    const frame = decodeFrame(data);
    const { source } = frame;
    if (source < 0 || directory.find(source)) return frame;
    logger.warn({ actor: actorName, source }, "a frame of an actor that is not known");
    onUnknown(source);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    logger.warn({ actor: actorName, bytes: data.length, error: error.message }, "not a frame");
  }
  observer.malformedFrame(actorName);
  return null;
}
