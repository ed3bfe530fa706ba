import type { SeenChange } from '../core/seen-change.ts';
import type { ObjectChange, Watch } from '../ports/conftool.ts';
import type { Parts } from './parts.ts';

/** Kept while the journal is away; beyond it the oldest are lost. */
const MOST_KEPT = 2000;

/** Remembers every write that is seen in conftool, ours or not. */
export class ChangeWatch {
  private readonly parts: Parts;
  private kept: SeenChange[] = [];
  private watch: Watch | undefined;
  private isStoring = false;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  start(): void {
    this.watch = this.parts.conftool.watch((changes) => {
      this.hear(changes);
    });
  }

  /** Stores what was seen, and what could not be stored before: what comes meanwhile goes with the next. Called with every sweep too. */
  async flush(): Promise<void> {
    if (this.isStoring) return;
    this.isStoring = true;
    let isStored = true;
    while (isStored && this.kept.length > 0) {
      const storing = this.kept;
      this.kept = [];
      isStored = (await this.parts.store.addChanges(storing)).ok;
      if (!isStored) this.kept = [...storing, ...this.kept].slice(-MOST_KEPT);
    }
    this.isStoring = false;
  }

  close(): void {
    this.watch?.close();
  }

  private hear(changes: readonly ObjectChange[]): void {
    const at = this.parts.clock.now();
    this.kept = [...this.kept, ...changes.map((change) => ({ ...change, at }))].slice(-MOST_KEPT);
    void this.flush();
  }
}
