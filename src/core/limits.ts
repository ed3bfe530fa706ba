import type { Fault } from './fault.ts';
import type { Operation } from './operation.ts';
import type { Policy } from './policy.ts';

/** Somebody who wants something new, and what there was lately. */
export interface Demand {
  readonly person: string;
  /** Objects that the new plan would write. */
  readonly objects: number;
  /** Objects written by anybody in the window of `everybody`. */
  readonly written: number;
  readonly open: readonly Operation[];
  readonly recent: readonly Operation[];
  readonly now: number;
}

/** Break-glass of one person in this time is counted. */
const BREAK_GLASS_PER_MS = 3_600_000;
const BREAK_GLASS_MOST = 2;

/** Operations that came to nothing. */
const CAME_TO_NOTHING: readonly string[] = ['refused', 'denied', 'expired'];

/**
 * How much one person and all together may ask for. It is there for the script that runs wild and for the third window in a hurry.
 *
 * @returns the limit that the demand would break, with its numbers.
 */
export function limitFault({ perPerson, everybody }: Policy['limits'], demand: Demand): Fault | undefined {
  const { person, open, recent, now, objects, written } = demand;
  const waiting = open.filter(
    ({ state, request }) => state === 'awaiting-approval' && request.person === person,
  ).length;
  if (waiting >= perPerson.waiting)
    return { kind: 'limit-waiting', person, waiting, most: perPerson.waiting };
  const writes = recent.filter(
    ({ request, createdAt, state }) =>
      request.person === person && createdAt > now - perPerson.per && !CAME_TO_NOTHING.includes(state),
  ).length;
  if (writes >= perPerson.writes)
    return { kind: 'limit-person', person, writes, most: perPerson.writes, perMs: perPerson.per };
  return objects + written > everybody.objects
    ? { kind: 'limit-everybody', objects: objects + written, most: everybody.objects, perMs: everybody.per }
    : undefined;
}

/** Whether this person has broken the glass too often already. @param except an operation that is not counted: the one that is judged. */
export function breakGlassFault(
  person: string,
  recent: readonly Operation[],
  now: number,
  except: string | undefined,
): Fault | undefined {
  const times = recent.filter(
    ({ id, request, createdAt }) =>
      id !== except &&
      request.person === person &&
      request.breakGlass !== undefined &&
      createdAt > now - BREAK_GLASS_PER_MS,
  ).length;
  return times >= BREAK_GLASS_MOST ? { kind: 'break-glass-spent', person, times } : undefined;
}
