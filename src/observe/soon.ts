/** Does later, and for several at once, what nobody waits for: whatever comes within a moment goes together. */
export class Soon<T> {
  private readonly afterMs: number;
  private readonly act: (items: readonly T[]) => void;
  private items: T[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** @param act given what has come, in its order. */
  constructor(afterMs: number, act: (items: readonly T[]) => void) {
    this.afterMs = afterMs;
    this.act = act;
  }

  push(item: T): void {
    this.items.push(item);
    this.timer ??= setTimeout(() => {
      this.flush();
    }, this.afterMs);
  }

  /** At once. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const items = this.items;
    this.items = [];
    if (items.length > 0) this.act(items);
  }
}
