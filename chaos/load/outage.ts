/** The last time in which nothing could be sent: what was due meanwhile is late by nobody's fault here. */
export class Outage {
  private isOn = false;
  private fromMs = Infinity;
  private untilMs = -Infinity;

  /** Looked at again and again; what lies between two looks counts as what the second sees. */
  look(isOpen: boolean, nowMs: number): void {
    if (!isOpen && !this.isOn) this.fromMs = nowMs;
    if (!isOpen || this.isOn) this.untilMs = nowMs;
    this.isOn = !isOpen;
  }

  hadDue(dueMs: number): boolean {
    return dueMs >= this.fromMs && dueMs <= this.untilMs;
  }
}
