/** Bytes that nobody of the exchange has written: other versions, garbage, and sources that do not exist (R13). */
import type { Cluster } from "../cluster/cluster.js";
import { randomStream } from "../world/random.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const FRAMES = 6;
const MESSAGES = 40;
const US_PER_MS = 1_000;
const UNKNOWN_VERSION = 99;
const GARBAGE_BYTES_MAX = 60;

/** Frames of an unknown version and garbage in an actor's inbox. Bites when its leader has passed one over. */
export function injectFrames(cluster: Cluster, { actor, forMs, size }: PlannedFault): Begun {
  const before = cluster.tally.of("malformed");
  repeat(cluster, FRAMES, forMs, (n) => {
    const { nats } = cluster.servers;
    const anchor = cluster.checks.history.byName.get(actor)?.anchor ?? 0;
    const stream = nats.stream(actor, anchor);
    if (!stream || !nats.isUp) return;
    nats.inject(actor, anchor, strangeBytes(size * 1_000 + n));
    const { sequence, stored } = stream.read(stream.lastSequence)!;
    cluster.checks.streams.stored({ actorName: actor, anchor, sequence, stored });
  });
  return { end: () => undefined, hasBitten: () => cluster.tally.of("malformed") > before };
}

/** The same on every subject that somebody listens to. Bites when NATS was there to carry them. */
export function sayStrangeThings(
  cluster: Cluster,
  { actor, forMs, size, node }: PlannedFault,
): Begun {
  const subjects = [
    `events.${actor}`,
    `announce.${actor}`,
    `batches.${actor}`,
    `handover.${actor}`,
    `heartbeat.${node}`,
    "resend.actor.1",
    "resend.actor.1025",
    "resend.slot.1",
  ];
  let said = 0;
  repeat(cluster, MESSAGES, forMs, (n) => {
    if (!cluster.servers.nats.isUp) return;
    said += 1;
    cluster.stranger.publish(subjects[n % subjects.length]!, strangeBytes(size * 1_000 + n));
  });
  return { end: () => undefined, hasBitten: () => said > 0 };
}

function strangeBytes(seed: number): Uint8Array {
  const random = randomStream(seed, "strange bytes");
  const bytes = new Uint8Array(random.whole(0, GARBAGE_BYTES_MAX));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.whole(0, 255);
  // Never by chance what the exchange writes: its versions are small.
  if (bytes.length > 0) bytes[0] = UNKNOWN_VERSION;
  return bytes;
}

function repeat(cluster: Cluster, times: number, forMs: number, task: (n: number) => void): void {
  const stepUs = Math.floor((forMs * US_PER_MS) / times);
  for (let n = 0; n < times; n++) cluster.world.scheduler.after(n * stepUs, () => task(n));
}
