/** Which processes of a run are of the version before, and which markets either version has written. */
export class Versions {
  private readonly olderLives = new Set<string>();
  private readonly writtenByOlder = new Set<string>();
  private readonly writtenByToday = new Set<string>();

  startedOlder(incarnation: string): void {
    this.olderLives.add(incarnation);
  }

  isOlder(incarnation: string): boolean {
    return this.olderLives.has(incarnation);
  }

  /** Takes note of a stored batch. True: with it a market of the version before becomes one of today's. */
  wrote(marketName: string, incarnation: string): boolean {
    if (this.isOlder(incarnation)) {
      this.writtenByOlder.add(marketName);
      return false;
    }
    const isFirst = !this.writtenByToday.has(marketName);
    this.writtenByToday.add(marketName);
    return isFirst && this.writtenByOlder.has(marketName);
  }

  isWrittenByOlder(actorName: string): boolean {
    return this.writtenByOlder.has(actorName);
  }

  isWrittenByToday(actorName: string): boolean {
    return this.writtenByToday.has(actorName);
  }
}
