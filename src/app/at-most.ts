/** Does so many things at a time; the others wait, in the order in which they came. */
export class AtMost {
  private readonly count: number;
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.count = count;
    this.free = count;
  }

  /** Whether one place at most is taken, and nobody waits. */
  get isQuiet(): boolean {
    return this.free >= this.count - 1;
  }

  /** @returns what `act` returns, when its turn has come. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.waiting.shift();
      // The place is handed on, so that nobody who comes just then takes it.
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
