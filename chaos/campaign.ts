/**
 * All drills, one after the other, each struck once: on one exchange as long as it is as it was, on a fresh one when a
 * drill needs other surroundings or has spoiled it.
 */
import {
  type CampaignLine,
  type CampaignReport,
  campaignReport,
  lineOf,
  unjudgedLine,
} from "./campaign-report.js";
import { SURROUNDINGS } from "./drill.js";
import { DRILLS } from "./drills/catalog.js";
import { CannotStrikeError, type Drill, type Surroundings } from "./drills/drill.js";
import { drillFolder, writeCampaign } from "./evidence/folder.js";
import { unlessInterrupted } from "./interrupt.js";
import type { DrillReport } from "./report.js";
import { Session } from "./session.js";

export interface CampaignOptions {
  readonly drills?: readonly Drill[];
  /** Rounds of each; absent: as many as it takes to show all of it. */
  readonly rounds?: number;
  readonly seed: number;
  /** Where the reports and the evidence of all drills are written; absent: nowhere. */
  readonly folder?: string;
  /** True keeps the logs of each exchange although everything is as it should be. */
  readonly keep?: boolean;
  readonly log: (line: string) => void;
  /** Takes each line as soon as it is known. */
  readonly tell: (line: CampaignLine) => void;
  /** Ends it early, with everything stopped that was started. */
  readonly signal?: AbortSignal;
}

/** Light enough that other things may run on the machine. */
const LIGHT = { ledgerShards: 3, symbols: 3 };
const LIGHT_ORDERS_PER_SECOND = 100;
const CAMPAIGN_MS_MAX = 20 * 60_000;
const MS_PER_SECOND = 1_000;

export async function runAll(options: CampaignOptions): Promise<CampaignReport> {
  const campaign = new Campaign(options);
  try {
    for (const drill of bySurroundings(options.drills ?? DRILLS)) await campaign.take(drill);
    return await campaign.end();
  } finally {
    await campaign.close();
  }
}

function surroundingsOf(drill: Drill): Surroundings {
  const own = { ...SURROUNDINGS, ...drill.surroundings };
  const ordersPerSecond = Math.min(own.ordersPerSecond, LIGHT_ORDERS_PER_SECOND);
  return { ...own, ...LIGHT, ordersPerSecond };
}

const keyOf = (drill: Drill): string => JSON.stringify(surroundingsOf(drill));

/** In their order, but those beside each other that can share an exchange. */
function bySurroundings(drills: readonly Drill[]): Drill[] {
  const keys = [...new Set(drills.map(keyOf))];
  return keys.flatMap((key) => drills.filter((drill) => keyOf(drill) === key));
}

class Campaign {
  private readonly options: CampaignOptions;
  private readonly startedMs = performance.now();
  private readonly lines: CampaignLine[] = [];
  private session: Session | undefined;
  private key = "";

  constructor(options: CampaignOptions) {
    this.options = options;
  }

  async take(drill: Drill): Promise<void> {
    const line = await this.strike(drill);
    this.lines.push(line);
    this.options.tell(line);
  }

  /** Everything of it on one page, where it has a folder. */
  async end(): Promise<CampaignReport> {
    const { folder, seed } = this.options;
    const seconds = Math.round((performance.now() - this.startedMs) / MS_PER_SECOND);
    const report = campaignReport(this.lines, seconds);
    if (folder !== undefined) await writeCampaign(folder, { seed, report, lines: this.lines });
    return report;
  }

  async close(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    if (session && this.options.keep)
      this.options.log(`the logs are kept in ${session.keepLogs()}`);
    await session?.close();
  }

  private async strike(drill: Drill): Promise<CampaignLine> {
    const { log, signal } = this.options;
    const leftMs = this.startedMs + CAMPAIGN_MS_MAX - performance.now();
    if (leftMs <= 0)
      return notJudged(drill, "DRILL_NOT_RUN: all drills together may take 20 minutes");
    log(`${drill.name}: ${drill.about}`);
    const late = AbortSignal.timeout(Math.ceil(leftMs));
    const ends = signal ? AbortSignal.any([signal, late]) : late;
    try {
      const found = await unlessInterrupted(ends, this.judged(drill));
      if (!found.ok) await this.spoiled();
      else if (drill.spoils) await this.close();
      return lineOf(found);
    } catch (error) {
      if (signal?.aborted) throw error;
      const { message } = error as Error;
      if (error instanceof CannotStrikeError) {
        // Its clients may trade already: the next drill's would be beside them.
        await this.close();
        return unjudgedLine(drill.name, { skipped: message });
      }
      await this.spoiled();
      return notJudged(drill, message);
    }
  }

  private async judged(drill: Drill): Promise<DrillReport> {
    const key = keyOf(drill);
    if (this.key !== key) await this.close();
    this.key = key;
    this.session ??= await Session.open({ ...surroundingsOf(drill), ...this.options });
    const { folder, rounds = drill.rounds ?? 1 } = this.options;
    return this.session.run(drill, { rounds }, folder && drillFolder(folder, drill.name));
  }

  /** What a failed drill leaves behind is for people to look at, and not for the next drill. */
  private async spoiled(): Promise<void> {
    const { keep, log } = this.options;
    if (this.session && !keep) log(`the logs are kept in ${this.session.keepLogs()}`);
    await this.close();
  }
}

function notJudged({ name }: Drill, failure: string): CampaignLine {
  return unjudgedLine(name, { failures: [failure] });
}
