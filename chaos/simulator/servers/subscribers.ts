/** Who listens to which subjects: `*` stands for one token, `>` at the end for one or more. */

export interface Subscription {
  /** The process that listens. */
  readonly by: string;
  /** What it listens to, token by token. */
  readonly pattern: readonly string[];
  /** It comes so much later than in its order. */
  readonly hear: (data: Uint8Array, subject: string, delayUs: number) => void;
}

export class Subscribers {
  private readonly all = new Set<Subscription>();
  /** Those who hear a subject, found once for each, in the order in which they came. */
  private readonly bySubject = new Map<string, readonly Subscription[]>();

  add(subscription: Subscription): void {
    this.all.add(subscription);
    this.bySubject.clear();
  }

  remove(subscription: Subscription): void {
    this.all.delete(subscription);
    this.bySubject.clear();
  }

  clear(): void {
    this.all.clear();
    this.bySubject.clear();
  }

  of(subject: string): readonly Subscription[] {
    let found = this.bySubject.get(subject);
    if (!found) {
      const tokens = subject.split(".");
      found = [...this.all].filter(({ pattern }) => matches(pattern, tokens));
      this.bySubject.set(subject, found);
    }
    return found;
  }
}

function matches(pattern: readonly string[], subject: readonly string[]): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const token = pattern[at]!;
    if (token === ">") return subject.length > at;
    if (token !== "*" && token !== subject[at]) return false;
    if (at >= subject.length) return false;
  }
  return pattern.length === subject.length;
}
