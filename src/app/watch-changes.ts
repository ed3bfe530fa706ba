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

  constructor(parts: Parts) {
    this.parts = parts;
  }

  start(): void {
    this.watch = this.parts.conftool.watch((changes) => {
      this.hear(changes);
    });
  }

  /** Stores what could not be stored before; called with every sweep. */
  async flush(): Promise<void> {
    if (this.kept.length === 0) return;
    const storing = this.kept;
    this.kept = [];
    const stored = await this.parts.store.addChanges(storing);
    if (!stored.ok) this.kept = [...storing, ...this.kept].slice(-MOST_KEPT);
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
