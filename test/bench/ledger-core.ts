/** The ledger's actor alone: frames read and applied, rows, journal and hash taken, nothing committed. */
import { decodeFrame, encodeFrame } from "../../actors/kernel/frame.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { BATCH_COMMANDS_MAX, FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { OpenBatch } from "../../services/host/open-batch.js";
import { randomNumbers } from "../helpers/orderflow.js";
import { Changes, accountNumbers, depositOf, openingOf } from "./ledger-changes.js";

const SHARD = 1;
const ASSET = 1;
const SOURCE = sourceOfSlot(1);
const SEED = 1;
const MS_PER_SECOND = 1_000;

/** Changes per second: the median of some runs, each with a new shard, after one that is not counted. */
export function measureCore(accounts: number, changes: number, runs: number): number {
  const frames = [...framesOf(accountNumbers(accounts).map(openingOf), 1)];
  const draw = new Changes("core", accountNumbers(accounts), randomNumbers(SEED));
  const deposits = Array.from({ length: changes }, () => depositOf(draw.next(), ASSET));
  const work = [...framesOf(deposits, accounts + 1)];
  const rates = Array.from({ length: runs + 1 }, () => {
    const shard = LedgerShard.create(SHARD);
    apply(shard, frames);
    const started = performance.now();
    apply(shard, work);
    return (changes * MS_PER_SECOND) / (performance.now() - started);
  });
  const counted = rates.slice(1).sort((a, b) => a - b);
  return Math.round(counted[Math.floor(counted.length / 2)]!);
}

function* framesOf(commands: readonly Uint8Array[], first: number): Generator<Uint8Array> {
  for (let at = 0; at < commands.length; at += FRAME_COMMANDS_MAX) {
    yield encodeFrame(SOURCE, first + at, commands.slice(at, at + FRAME_COMMANDS_MAX));
  }
}

/** As a leader does, but for the commit. */
function apply(shard: LedgerShard, frames: readonly Uint8Array[]): void {
  let time = 1;
  let open = new OpenBatch(shard, time);
  for (const frame of frames) {
    open.apply(decodeFrame(frame), 0);
    if (open.commands < BATCH_COMMANDS_MAX) continue;
    take(shard, open);
    open = new OpenBatch(shard, (time += 1));
  }
  take(shard, open);
}

function take(shard: LedgerShard, open: OpenBatch): void {
  shard.takeEffects();
  shard.links.forgetTouched();
  shard.stateHash();
  open.takeLog();
}
