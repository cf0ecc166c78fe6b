/** `explain ACTOR`: who led it, when and why, where it stands, and who could lead it. */
import type pg from "pg";
import { type ActorStory, actorStory, type Claim } from "../explain/actor-story.js";
import type { RowHolder } from "../explain/sql.js";
import { streamName } from "../adapters/nats/names.js";
import type { Backlog } from "../host/observer.js";
import type { StandbyProgress } from "../host/standby.js";
import { askNodes, silenceInWords, silentNodes } from "./ask-nodes.js";
import type { DatabaseOptions } from "./database.js";
import { printJson, printTable } from "./output.js";
import { dataDirectory, isRunning, readRunFile } from "./run-file.js";
import { type Stop, stopInWords, stopsOf } from "./stops.js";
import { formatMicroseconds, formatTime } from "./words.js";

/** People are shown the newest claims. */
const SHOWN_CLAIMS = 20;
const MEANING_OF_GAP =
  "gap: the time between the last batch before a claim and the first one after it. Of an actor that was asked for nothing meanwhile it says nothing of how long nobody led";
const MICROSECONDS_PER_MILLISECOND = 1_000;

interface ActorOptions extends DatabaseOptions {
  readonly json?: boolean;
}

/** What the nodes say of an actor now. */
export interface Said {
  /** Who says that he leads it, and under which token. */
  readonly leaders: readonly { readonly node: string; readonly token: number }[];
  readonly backlog: Backlog | null;
  readonly standbys: readonly (StandbyProgress & { readonly node: string })[];
  /** Who has stopped it, and why. */
  readonly stopped: readonly Stop[];
  /** Who did not answer in time. */
  readonly silent: readonly string[];
}

export async function explainActor(
  pool: pg.Pool,
  name: string,
  options: ActorOptions,
): Promise<void> {
  const story = await actorStory(pool, name);
  const said = await saidOf(name, options);
  if (options.json) printJson({ ...timed(story), said });
  else printActor(story, said);
}

/** Null: the exchange does not run, or another database than its own is asked about. */
async function saidOf(name: string, { dataDir, url }: ActorOptions): Promise<Said | null> {
  const directory = dataDirectory(dataDir);
  if (url !== undefined || !isRunning(directory)) return null;
  const run = readRunFile(directory);
  const [leading, backlogs, standbys, stops] = await Promise.all([
    askNodes<Record<string, number>>(run, "/leading"),
    askNodes<Record<string, Backlog>>(run, "/backlogs"),
    askNodes<Record<string, StandbyProgress>>(run, "/standbys"),
    stopsOf(run),
  ]);
  const leaders = [...leading].flatMap(([node, tokens]) =>
    tokens[name] === undefined ? [] : [{ node, token: tokens[name] }],
  );
  const current = leaders.toSorted((a, b) => b.token - a.token)[0];
  return {
    leaders,
    backlog: (current && backlogs.get(current.node)?.[name]) ?? null,
    standbys: [...standbys].flatMap(([node, all]) => (all[name] ? [{ node, ...all[name] }] : [])),
    stopped: stops.get(name) ?? [],
    silent: silentNodes(run, leading, standbys),
  };
}

function timed({ time, claims, heldBy, ...story }: ActorStory): object {
  const text = (at: number | null) => (at === null ? null : formatMicroseconds(at));
  return {
    ...story,
    time: text(time),
    heldBy: heldBy.map(sessionOf),
    claims: claims.map((claim) => ({
      ...claim,
      time: text(claim.time),
      lastBatchTime: text(claim.lastBatchTime),
      firstBatchTime: text(claim.firstBatchTime),
    })),
  };
}

function printActor(story: ActorStory, said: Said | null): void {
  const { actor, token, holder, batch, time, inbox, outbox, heldBy } = story;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const leader =
    holder === "" ? "nobody has led it yet" : `claimed by ${holder} under token ${token}`;
  const last = batch === 0 ? "it has committed nothing" : `batch ${batch} of ${formatTime(time)}`;
  say(`${actor}: ${leader}; ${last}`);
  for (const each of heldBy) say(holderInWords(each));
  if (said) for (const line of saidInWords(said, batch)) say(line);
  if (said && said.stopped.length > 0) say(stopInWords(actor, said.stopped));
  say(
    inbox.anchor === 0
      ? "inbox: there is none yet"
      : `inbox: read up to ${inbox.position} of the stream ${streamName(story.name, inbox.anchor)} (made ${inbox.created})`,
  );
  if (outbox.length === 0) say("outbox: empty");
  for (const { to, frames, first, last: end, bytes } of outbox) {
    say(`outbox: messages ${first} to ${end} for ${to} wait, in ${frames} rows of ${bytes} bytes`);
  }
  printClaims(story);
}

/** `batch`: the actor's last one. */
export function saidInWords(said: Omit<Said, "stopped">, batch: number): string[] {
  const { leaders, backlog, standbys, silent } = said;
  const led = leaders.map(({ node, token }) => `${node} says that it leads, under token ${token}`);
  const waits = backlog ? [waitsInWords(backlog)] : [];
  const followed = standbys.map(({ node, batch: applied, isWarm }) => {
    const behind = `${Math.max(0, batch - applied)} batches behind what was read here`;
    const progress =
      applied === 0 ? "reads the rows yet" : `has applied batch ${applied}, ${behind}`;
    return `${node} stands by: it ${progress}${isWarm ? "" : ", and is not ready"}`;
  });
  const unknown = silent.map(silenceInWords);
  const nobody = silent.length > 0 ? "no other node" : "no node";
  return [
    ...unknown,
    ...(led.length > 0 ? led : [`${nobody} says that it leads it`]),
    ...waits,
    ...(followed.length > 0 ? followed : [`${nobody} stands by`]),
  ];
}

/** A session, for JSON whose reader knows the actor. */
export function sessionOf({ pid, name, state, since }: Omit<RowHolder, "actor">): object {
  return { pid, name, state, since: since === null ? null : formatMicroseconds(since) };
}

export function holderInWords({ pid, name, state, since }: Omit<RowHolder, "actor">): string {
  const what = [name, state, since !== null && `since ${formatTime(since)}`].filter(Boolean);
  return (
    `its row is held by session ${pid} of PostgreSQL (${what.join(", ") || "nothing more is known of it"}), and others wait for it: ` +
    "nothing of the actor is committed before that session's transaction ends"
  );
}

function waitsInWords({ inboxFrames, outboxFrames, outboxAgeMs }: Backlog): string {
  const still =
    outboxFrames > 0 ? `, where nothing has moved for ${Math.round(outboxAgeMs)} ms` : "";
  return `at its leader ${inboxFrames} frames wait to be applied, and ${outboxFrames} to be confirmed${still}`;
}

function printClaims({ claims, untoldUpTo }: ActorStory): void {
  const rows = claims.slice(0, SHOWN_CLAIMS).map((claim) => {
    const { token, node, reason, time, lastBatch, gapUs } = claim;
    const gap = gapUs === null ? gapUnknown(claim) : milliseconds(gapUs);
    return [token, node, formatMicroseconds(time), lastBatch, gap, reason];
  });
  printTable([["token", "node", "raised", "after batch", "gap", "why"], ...rows]);
  const more = claims.length - SHOWN_CLAIMS;
  if (more > 0) process.stdout.write(`… and ${more} earlier ones (--json has more)\n`);
  if (untoldUpTo > 0) {
    process.stdout.write(`of the claims up to token ${untoldUpTo} nothing is known here\n`);
  }
  if (claims.length > 0) process.stdout.write(`${MEANING_OF_GAP}\n`);
}

function gapUnknown({ lastBatch, lastBatchTime }: Claim): string {
  if (lastBatch === 0) return "the first";
  return lastBatchTime === null ? "not kept" : "no batch";
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / MICROSECONDS_PER_MILLISECOND).toFixed(1)} ms`;
}
