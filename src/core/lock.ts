/** Nobody's operation starts or goes on for this service. */
export interface Lock {
  readonly service: string;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
  /** When it ends by itself; undefined: when somebody unlocks. Milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** The lock of a service, if it holds now. */
export function lockOf(locks: readonly Lock[], service: string, now: number): Lock | undefined {
  return locks.find((lock) => lock.service === service && (lock.until ?? Infinity) > now);
}
