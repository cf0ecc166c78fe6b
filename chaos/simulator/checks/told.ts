/**
 * R12: what a commit is let through by is what Postgres itself has told the life of the process that sends it. Whatever clocks,
 * etcd and the log have said: a token that this life has raised, and a batch that follows the one which it was told of with that
 * token, or has stored since. Also commits that Postgres refuses are judged: they must not have been luck.
 */
import type { Batch } from "../../../services/ports/store.js";
import type { RaiseSeen } from "../world/witness.js";
import type { Verdict } from "./verdict.js";

/** Under one token of one incarnation of the actor. */
interface Told {
  /** The last batch when the token was raised, and the last one that was stored under it. */
  readonly raisedAt: number;
  stored: number;
}

export class ToldCheck {
  private readonly verdict: Verdict;
  private readonly told = new Map<string, Told>();

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  raised({ actor, by, holder, raised }: RaiseSeen): void {
    // A predecessor's last commit raises the token for its successor, who is not told of it before it asks itself.
    if (!raised || by.incarnation !== holder.incarnation) return;
    const { incarnation, batch, token } = raised;
    const key = keyOf(actor, { incarnation, token, by: holder.incarnation });
    // The same life may ask again.
    if (!this.told.has(key)) this.told.set(key, { raisedAt: batch, stored: batch });
  }

  /** A commit has reached Postgres, whatever becomes of it. */
  attempted({ actor, token, number }: Batch, by: string): void {
    const { incarnation } = actor;
    const told = this.told.get(keyOf(actor.id, { incarnation, token, by }));
    this.verdict.expect(
      told !== undefined && number > told.raisedAt && number <= told.stored + 1,
      "R12",
      () =>
        `${actor.name}: ${by} commits batch ${number} under token ${token}, incarnation ${incarnation}; ` +
        `Postgres has told it ${told ? JSON.stringify(told) : "of no such claim"}`,
    );
  }

  stored({ actor, token, number }: Batch, by: string): void {
    const told = this.told.get(keyOf(actor.id, { incarnation: actor.incarnation, token, by }));
    if (told) told.stored = number;
  }
}

interface Claim {
  readonly by: string;
  readonly token: number;
  readonly incarnation: number;
}

const keyOf = (actor: number, { by, token, incarnation }: Claim): string =>
  `${actor} ${by} ${token} ${incarnation}`;
