/** Bytes that nobody of the exchange has written: other versions, garbage, and sources that do not exist (R13). */
import { encodeAnnouncement } from "../../../actors/kernel/event-frame.js";
import { encodeFrame, stampToken } from "../../../actors/kernel/frame.js";
import type { Cluster } from "../cluster/cluster.js";
import { randomStream } from "../world/random.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const NOTHING = (): void => undefined;
const FRAMES = 6;
const ANNOUNCEMENTS = 9;
const UNKNOWN_ACTOR = 7_777;
const UNKNOWN_SLOT = -99;
const NEVER_SENT = 1_000_000;
const LIED_LAG_MS = 60_000;
const MESSAGES = 40;
const US_PER_MS = 1_000;
const UNKNOWN_VERSION = 99;
const GARBAGE_BYTES_MAX = 60;
/** What an inbox may hold that is to be full. */
const FULL_BYTES = 262_144;
const FULL_MESSAGE_BYTES = 4_096;

/** Frames of an unknown version and garbage in an actor's inbox. Bites when its leader has passed one over. */
export function injectFrames(cluster: Cluster, { actor, forMs, size }: PlannedFault): Begun {
  const before = cluster.tally.of("malformed");
  repeat(cluster, FRAMES, forMs, (n) => inject(cluster, actor, strangeBytes(size * 1_000 + n)));
  return { end: NOTHING, hasBitten: () => cluster.tally.of("malformed") > before };
}

/**
 * An inbox is full to its last byte of what nobody of the exchange has sent, and nobody makes room in it but its leader. Bites
 * when somebody was refused.
 */
export function fillInbox(cluster: Cluster, { actor }: PlannedFault): Begun {
  const { checks, servers, tally } = cluster;
  const before = tally.of("refusedAsFull");
  const stream = servers.nats.stream(actor, checks.history.byName.get(actor)?.anchor ?? 0);
  if (stream) stream.bytesMax = FULL_BYTES;
  let bytes = FULL_MESSAGE_BYTES;
  while (bytes >= 1) {
    const garbage = new Uint8Array(bytes).fill(UNKNOWN_VERSION);
    const isIn = stream?.hasRoomFor(garbage) && inject(cluster, actor, garbage);
    if (!isIn) bytes >>= 1;
  }
  return { end: NOTHING, hasBitten: () => tally.of("refusedAsFull") > before };
}

/** Frames that are whole, of an actor and of a slot that nobody is. Bites when the inbox was there to take one. */
export function injectSources(cluster: Cluster, { actor, forMs, size }: PlannedFault): Begun {
  let injected = 0;
  repeat(cluster, FRAMES, forMs, (n) => {
    const frame = encodeFrame(n % 2 === 0 ? UNKNOWN_ACTOR : UNKNOWN_SLOT, 1 + (n >> 1), [
      strangeBytes(size * 1_000 + n),
    ]);
    stampToken(frame, 1);
    if (inject(cluster, actor, frame)) injected += 1;
  });
  return { end: NOTHING, hasBitten: () => injected > 0 };
}

/**
 * Announcements of leaders, inboxes and marks that are still to come. Nobody may believe a token or an anchor that
 * Postgres does not have, or a mark of what was never sent; a lag that is none may cost a moment's orders and no more. Bites when somebody was there to hear it.
 */
export function announceFalsely(cluster: Cluster, { actor, forMs }: PlannedFault): Begun {
  const before = cluster.tally.of("disbelieved");
  repeat(cluster, ANNOUNCEMENTS, forMs, (n) => {
    const history = cluster.checks.history.byName.get(actor);
    if (!history) return;
    const { id, name, token, anchor, batch, eventBatch } = history;
    const ahead = n % 3 === 0 ? { token: token + 50 } : n % 3 === 1 ? { anchor: anchor + 7 } : {};
    const sources = [1, 2, 1_025, 1_026, -1, -2].filter((source) => source !== id);
    const marks = sources.map((source) => ({ source, token: 1, number: NEVER_SENT }));
    const receivers = sources.filter((source) => source > 0);
    const lags = receivers.map((receiver) => ({ receiver, ms: LIED_LAG_MS }));
    const standing = { actor: id, name, node: "nobody", token, anchor, batch, eventBatch };
    cluster.stranger.publish(
      `announce.${name}`,
      encodeAnnouncement({ ...standing, ...ahead, marks, lags }),
    );
  });
  return { end: NOTHING, hasBitten: () => cluster.tally.of("disbelieved") > before };
}

/** False: there is no stream to put it into. */
function inject({ servers, checks }: Cluster, actor: string, frame: Uint8Array): boolean {
  const { nats } = servers;
  const anchor = checks.history.byName.get(actor)?.anchor ?? 0;
  const stream = nats.stream(actor, anchor);
  if (!stream || !nats.isUp) return false;
  nats.inject(actor, anchor, frame);
  const { sequence, stored } = stream.read(stream.lastSequence)!;
  checks.streams.stored({ actorName: actor, anchor, sequence, stored });
  return true;
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
  return { end: NOTHING, hasBitten: () => said > 0 };
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
