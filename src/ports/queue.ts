import type { Result } from '../core/result.ts';

/** Wakes a worker for an operation. A wake-up may be lost or doubled without harm: the journal is the truth. */
export interface Queue {
  /** One job per operation, `op-ID`; does nothing when that job is there already. */
  wake(id: string): Promise<Result<void>>;
  /** The ids whose job is waiting or active. */
  awake(): Promise<Result<ReadonlySet<string>>>;
  /** Begins to hand out ids; `run` is called once per job and never for two jobs of one id at once within this process. */
  start(run: (id: string) => Promise<void>): void;
  /** Takes no further job; resolves when the running ones have ended. */
  close(): Promise<void>;
}
