/** R4 and R7 of transfers: each is sent once, given once or not at all, and its sender is told which; what is under way is no account's. */
import type { SeenEvent } from "./decode.js";
import type { Verdict } from "./verdict.js";

const OK = 0;

interface KeptTransfer {
  readonly recipient: number;
  readonly asset: number;
  readonly amount: number;
  isGiven: boolean;
  isEnded: boolean;
}

interface Told {
  readonly event: SeenEvent;
  readonly account: number;
}

export class TransfersCheck {
  private readonly verdict: Verdict;
  /** By sender and key. */
  private readonly transfers = new Map<string, KeptTransfer>();
  /** What the accounts of one batch were told: one account after the other, whatever came first. */
  private told: Told[] = [];

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  hasSent(account: number, key: string): boolean {
    return this.transfers.has(`${account} ${key}`);
  }

  /** Takes an event of an account, and gives by how much it changes what the account owns. */
  take(event: SeenEvent, account: number): number {
    const { kind, amount, code } = event;
    if (kind.startsWith("transfer")) this.told.push({ event, account });
    if (kind === "transferSent") return -amount;
    if (kind === "transferReceived") return amount;
    return kind === "transferEnded" && code !== OK ? amount : 0;
  }

  /** After all events of a batch. */
  judgeCommit(): void {
    const { told } = this;
    if (told.length === 0) return;
    this.told = [];
    const of = (kind: string) => told.filter(({ event }) => event.kind === kind);
    for (const each of of("transferSent")) this.send(each);
    for (const each of of("transferReceived")) this.give(each);
    for (const each of of("transferEnded")) this.end(each);
  }

  judgeEnd(): void {
    for (const [name, { isEnded }] of this.transfers) {
      this.verdict.expect(isEnded, "R5", () => `transfer ${name} is still under way`);
    }
  }

  private send({ event, account }: Told): void {
    const { key, other, asset, amount } = event;
    const name = `${account} ${key}`;
    const isNew = !this.transfers.has(name);
    this.verdict.expect(isNew, "R10", () => `transfer ${name} is sent a second time`);
    const kept = { recipient: other, asset, amount, isGiven: false, isEnded: false };
    this.transfers.set(name, kept);
  }

  private give({ event, account }: Told): void {
    const { key, other, asset, amount } = event;
    const name = `${other} ${key}`;
    const kept = this.transfers.get(name);
    const isOwed =
      kept !== undefined &&
      !kept.isGiven &&
      !kept.isEnded &&
      kept.recipient === account &&
      kept.asset === asset &&
      kept.amount === amount;
    this.verdict.expect(
      isOwed,
      "R7",
      () => `account ${account} is given ${amount} by transfer ${name}: ${JSON.stringify(kept)}`,
    );
    if (kept) kept.isGiven = true;
  }

  private end({ event, account }: Told): void {
    const { key, code, amount } = event;
    const name = `${account} ${key}`;
    const kept = this.transfers.get(name);
    const isTrue =
      kept !== undefined &&
      !kept.isEnded &&
      kept.isGiven === (code === OK) &&
      kept.amount === amount;
    this.verdict.expect(
      isTrue,
      "R7",
      () => `transfer ${name} ends with code ${code}: ${JSON.stringify(kept)}`,
    );
    if (kept) kept.isEnded = true;
  }
}
