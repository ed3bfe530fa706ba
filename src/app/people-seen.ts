import type { Person } from '../core/people.ts';
import type { Clock } from '../ports/clock.ts';

/** Who said something lately, for naming people who could approve, and who was told lately that they are a stranger. */
export class PeopleSeen {
  private readonly spoke = new Map<string, { readonly person: Person; readonly at: number }>();
  private readonly turnedAway = new Map<string, number>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  note(person: Person): void {
    this.spoke.delete(person.name);
    this.spoke.set(person.name, { person, at: this.clock.now() });
  }

  /** The latest first. */
  lately(withinMs: number): readonly Person[] {
    const since = this.clock.now() - withinMs;
    return [...this.spoke.values()]
      .filter(({ at }) => at >= since)
      .map(({ person }) => person)
      .reverse();
  }

  /** Whether a stranger may be answered now: once in `everyMs`. Remembers at most a thousand. */
  mayAnswerStranger(name: string, everyMs: number): boolean {
    const now = this.clock.now();
    const last = this.turnedAway.get(name);
    if (last !== undefined && now - last < everyMs) return false;
    this.turnedAway.delete(name);
    this.turnedAway.set(name, now);
    const oldest = this.turnedAway.keys().next().value;
    if (this.turnedAway.size > 1000 && oldest !== undefined) this.turnedAway.delete(oldest);
    return true;
  }
}
