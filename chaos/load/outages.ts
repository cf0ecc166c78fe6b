/** Times in which nothing could be sent: what was due meanwhile is late by nobody's fault here. */
export class Outages {
  private readonly spans: { readonly fromMs: number; untilMs: number }[] = [];
  private isOn = false;

  /** Looked at again and again; what lies between two looks counts as what the first saw. */
  look(isOpen: boolean, nowMs: number): void {
    if (!isOpen && !this.isOn) this.spans.push({ fromMs: nowMs, untilMs: nowMs });
    if (this.isOn) this.spans.at(-1)!.untilMs = nowMs;
    this.isOn = !isOpen;
  }

  hadDue(dueMs: number): boolean {
    return this.spans.some(({ fromMs, untilMs }) => dueMs >= fromMs && dueMs <= untilMs);
  }
}
