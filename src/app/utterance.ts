import type { Person } from '../core/people.ts';

/** Something that an identified person said to Sluice in a configured channel. */
export interface Utterance {
  readonly person: Person;
  readonly nick: string;
  readonly account: string;
  readonly transport: string;
  readonly channel: string;
  readonly eventKey: string;
  /** When Sluice heard it. */
  readonly at: number;
}
