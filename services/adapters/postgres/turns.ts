/** Tasks of which only so many run at a time; the others wait in line. */
export class Turns {
  private readonly line: (() => void)[] = [];
  private free: number;

  constructor(tasksMax: number) {
    this.free = tasksMax;
  }

  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}
