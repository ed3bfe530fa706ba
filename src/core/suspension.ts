/** Somebody whose accounts nobody trusts just now: nothing of theirs counts. */
export interface Suspension {
  readonly person: string;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}
