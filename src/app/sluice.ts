import type { Inbound } from '../ports/chat.ts';
import { hear } from './hear.ts';
import { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { PeopleSeen } from './people-seen.ts';
import { runOperation } from './run-operation.ts';
import { sweep } from './sweep.ts';

/** Gateway and worker in one process: hears, carries out, sweeps, and says what there is to say. Opened and closed by main. */
export class Sluice {
  readonly outbox: Outbox;
  private readonly parts: Parts;
  private readonly seen: PeopleSeen;
  private ending = false;

  constructor(parts: Parts) {
    this.parts = parts;
    this.outbox = new Outbox(parts);
    this.seen = new PeopleSeen(parts.clock);
  }

  /** One event of a chat network. Never throws: a bug is logged, and the next line is heard all the same. */
  async hear(event: Inbound): Promise<void> {
    if (this.ending) return;
    const { parts, outbox, seen } = this;
    await this.guarded('hear', () => hear({ parts, outbox, seen }, event));
  }

  /** One job of the queue. */
  async run(id: string): Promise<void> {
    await this.guarded('run', () => runOperation(this.parts, this.outbox, id, () => this.ending));
  }

  /** To be called about every second, and when a chat network has come back. */
  async sweep(): Promise<void> {
    await this.guarded('sweep', async () => {
      await sweep(this.parts, this.outbox, this.seen);
      await this.outbox.reload();
    });
  }

  /** From now on nothing is heard and no write begins; operations that have begun are held after the write in flight. */
  end(): void {
    this.ending = true;
  }

  private async guarded(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.parts.log.error(
        { what, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'bug',
      );
    }
  }
}
