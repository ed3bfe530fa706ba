import type { Result } from '../core/result.ts';

/** Wakes a worker for an operation. A wake-up may be lost or doubled without harm: the journal is the truth. */
export interface Queue {
  /**
   * One job per operation, `op-ID`; no second one when that job is there already. A process that runs operations itself begins at once: the job is for
   * whoever is there when it dies.
   */
  wake(id: string): Promise<Result<void>>;
  /** Begins here and at once what is about to be stored, where there is place: nobody else can know of it yet. @returns whether it did. */
  begin(id: string): boolean;
  /** The ids whose job is waiting or active. */
  awake(): Promise<Result<ReadonlySet<string>>>;
  /**
   * Begins to hand out ids. `run` is called once for each wake-up and never twice at once for one id within this process. `begunElsewhere`: another process has
   * woken it, and has begun at once.
   */
  start(run: (id: string, begunElsewhere: boolean) => Promise<void>): void;
  /** Takes no further job; resolves when the running ones have ended. */
  close(): Promise<void>;
}
