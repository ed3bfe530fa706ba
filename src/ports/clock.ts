/** Time, as an argument of everything that waits. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
}
