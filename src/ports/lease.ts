import type { Result } from '../core/result.ts';

/** Whether one of several processes has the voice, and who else would take it. */
export type Claim =
  /** It is ours until the time that was asked for is over. `epoch` grows each time that it changes hands. */
  | { readonly kind: 'held'; readonly epoch: number; readonly others: number }
  | { readonly kind: 'other'; readonly holder: string };

/** What only one process may have at a time, for a while: it is taken, renewed, and given back or lost. It protects nothing but what is said. */
export interface Lease {
  /**
   * Takes or renews it for `forMs`, by the clock of whoever keeps it. Until then it is known that `who` would take it.
   *
   * @param asked.isNew the first claim of this process: what an earlier process of the same name held, it does not hold.
   * @returns Fault `store-unreachable` within 2 s: nobody knows.
   */
  claim(who: string, asked: { readonly forMs: number; readonly isNew: boolean }): Promise<Result<Claim>>;
  /** Gives it back, so that nobody has to wait for its end. Never fails: then it is lost in time. */
  release(who: string): Promise<void>;
}
