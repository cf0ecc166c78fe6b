/** All checks of a run: they hear of everything that takes effect, at the moment it does, and share nothing with it. */
import type { Tally } from "../cluster/tally.js";
import { actorName, STRANGER } from "../cluster/names.js";
import type { SimPostgres } from "../servers/postgres.js";
import {
  type CommitSeen,
  type LeadershipSeen,
  type MessageSeen,
  type PublishSeen,
  type RaiseSeen,
  SilentWitness,
  type StreamSeen,
} from "../world/witness.js";
import { AccountsCheck, type Terms } from "./accounts.js";
import { AnswersCheck } from "./answers.js";
import { BoundsCheck } from "./bounds.js";
import { History } from "./history.js";
import { MatchingCheck } from "./matching.js";
import { OneWriterCheck } from "./one-writer.js";
import { ReadsCheck } from "./reads.js";
import { ReplayCheck } from "./replay.js";
import { SpeechCheck } from "./speech.js";
import { StreamCheck } from "./streams.js";
import { TablesCheck } from "./tables.js";
import { ToldCheck } from "./told.js";
import type { Verdict } from "./verdict.js";

export class Checks extends SilentWitness {
  readonly verdict: Verdict;
  readonly history = new History();
  readonly streams: StreamCheck;
  readonly accounts: AccountsCheck;
  readonly answers: AnswersCheck;
  readonly matching: MatchingCheck;
  readonly reads: ReadsCheck;
  private readonly tally: Tally;
  private readonly postgres: SimPostgres;
  private readonly terms = new Map<number, Terms>();
  private readonly oneWriter: OneWriterCheck;
  private readonly told: ToldCheck;
  private readonly speech: SpeechCheck;
  private readonly replay: ReplayCheck;
  /** False: the same run has been judged. Only what the run itself asks for is kept: the history, accounts and books. */
  private readonly judges: boolean;
  private readonly bounds: BoundsCheck;

  constructor(
    postgres: SimPostgres,
    verdict: Verdict,
    { tally, judges }: { readonly tally: Tally; readonly judges: boolean },
  ) {
    super();
    this.postgres = postgres;
    this.verdict = verdict;
    this.tally = tally;
    const { history } = this;
    this.streams = new StreamCheck(verdict, () => postgres.world.scheduler.nowUs);
    this.accounts = new AccountsCheck(verdict, (instrument) => this.termsOf(instrument));
    this.answers = new AnswersCheck(this.accounts, verdict);
    this.matching = new MatchingCheck(verdict);
    this.reads = new ReadsCheck(this, verdict, (asset) => this.assetName(asset));
    this.oneWriter = new OneWriterCheck(history, verdict);
    this.told = new ToldCheck(verdict);
    this.speech = new SpeechCheck(history, verdict);
    this.replay = new ReplayCheck(verdict, tally.versions);
    this.judges = judges;
    this.bounds = new BoundsCheck(verdict);
  }

  override raise(seen: RaiseSeen): void {
    const { raised, actor, fromToken, holder, wasHeld } = seen;
    this.bounds.raise(seen);
    this.told.raised(seen);
    if (!raised) return;
    const known = this.history.actor(actor, raised.name, raised.kind);
    if (wasHeld) return this.oneWriter.held(known, raised.token, holder.incarnation);
    this.tally.add("raised");
    this.oneWriter.raised(known, fromToken, raised.token, holder.incarnation);
  }

  override commit(seen: CommitSeen): void {
    this.careful(() => this.judgeCommit(seen));
  }

  override publish(seen: PublishSeen): void {
    if (seen.outcome === "full") this.tally.add("refusedAsFull");
    if (seen.outcome !== "stored") return;
    this.tally.add("published");
    if (!this.judges) return;
    this.streams.stored(seen);
    this.bounds.frame(seen.frame, seen.actorName);
    if (seen.by.name !== STRANGER) this.careful(() => this.speech.publish(seen));
  }

  override message(seen: MessageSeen): void {
    if (this.judges && seen.by.name !== STRANGER) this.careful(() => this.speech.message(seen));
  }

  override leadership({ why }: LeadershipSeen): void {
    if (why === "handed-over") this.tally.add("handedOver");
  }

  override stream(seen: StreamSeen): void {
    this.streams.changed(seen);
  }

  /** How long the queues of a process are now, by name. */
  queues(process: string, lengths: ReadonlyMap<string, number>): void {
    if (this.judges) this.bounds.queues(process, lengths);
  }

  /** When everything has been answered and has come to rest. */
  judgeEnd(): void {
    if (!this.judges || this.verdict.violation) return;
    this.accounts.judgeEnd();
    this.answers.judgeEnd();
    new TablesCheck(this.postgres, this.accounts, this.verdict).judgeEnd();
    for (const { orderId, instrument, verdict } of this.accounts.orders.values()) {
      if (verdict !== "accepted") continue;
      this.verdict.expect(
        this.matching.hasEntered(instrument, orderId),
        "R5",
        () => `order ${orderId} was accepted and has never reached ${actorName(instrument)}`,
      );
    }
  }

  private judgeCommit(seen: CommitSeen): void {
    const { batch, outcome, by, isRepeat } = seen;
    const actor = this.history.actors.get(batch.actor.id);
    if (this.judges) this.told.attempted(batch, by.incarnation);
    if (isRepeat) this.tally.add("repeatedCommits");
    else if (outcome === "fenced" && actor && batch.token < actor.token) {
      this.tally.add("lateCommits");
    }
    if (outcome === "refused") {
      this.verdict.violate("R2", `${batch.actor.name}: Postgres refuses a batch: ${seen.reason}`);
    }
    if (outcome !== "stored") return;
    this.tally.add("stored");
    this.tally.storedBatches.add(batch);
    if (!actor)
      return this.verdict.violate(
        "R1",
        `a batch of ${batch.actor.name}, which does not exist, is stored`,
      );
    if (actor.kind === "market") this.noteVersion(actor.name, by.incarnation);
    const stored = this.history.read(batch, by.incarnation);
    if (this.judges) {
      this.told.stored(batch, by.incarnation);
      this.oneWriter.commit(stored, actor);
      // What else is wrong follows from it.
      if (this.verdict.violation) return;
      this.bounds.commit(stored, actor);
      this.streams.commit(batch, actor);
    }
    this.matching.commit(stored, actor);
    this.accounts.commit(stored, actor);
    this.reads.commit(stored);
    if (this.judges) this.replay.commit(stored, actor);
    this.history.take(stored);
  }

  /** The way goes forth only (R13): who cannot read a state must not write over it. */
  private noteVersion(marketName: string, by: string): void {
    const { versions } = this.tally;
    if (versions.wrote(marketName, by)) this.tally.add("marketsUpgraded");
    this.verdict.expect(
      !(versions.isOlder(by) && versions.isWrittenByToday(marketName)),
      "R13",
      () => `${marketName}: ${by}, of the version before, has written over what it cannot read`,
    );
  }

  /** A check that fails is none of the exchange's business. */
  private careful(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.verdict.violate("R13", `a check cannot go on: ${(error as Error).stack}`);
    }
  }

  private assetName(asset: number): string {
    return this.postgres.tables.get("assets").rows.get(asset)?.["name"] as string;
  }

  private termsOf(instrument: number): Terms | undefined {
    const known = this.terms.get(instrument);
    if (known) return known;
    for (const row of this.postgres.rows("instruments")) {
      this.terms.set(Number(row["instrument"]), {
        baseAsset: Number(row["base_asset"]),
        quoteAsset: Number(row["quote_asset"]),
        notionalFactor: Number(row["notional_factor"]),
        makerFee: Number(row["maker_fee"]),
        takerFee: Number(row["taker_fee"]),
      });
    }
    return this.terms.get(instrument);
  }
}
