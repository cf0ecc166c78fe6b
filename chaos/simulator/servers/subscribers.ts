/** Who listens to which subjects: `*` stands for one token, `>` at the end for one or more. */

export interface Subscription {
  readonly pattern: string;
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
      found = [...this.all].filter(({ pattern }) => matches(pattern, subject));
      this.bySubject.set(subject, found);
    }
    return found;
  }
}

export function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const wanted = pattern.split(".");
  const given = subject.split(".");
  for (const [at, token] of wanted.entries()) {
    if (token === ">") return given.length > at;
    if (at >= given.length || (token !== "*" && token !== given[at])) return false;
  }
  return wanted.length === given.length;
}
