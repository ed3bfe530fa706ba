/**
 * A named place in the code where a crash would hurt: crash tests stop, freeze or kill the process exactly there.
 * The name says what has just happened (`after-…`) or is about to (`before-…`).
 */
export type FaultPoint =
  | 'after-take-in'
  | 'after-create'
  | 'after-vote'
  | 'before-decision'
  | 'before-intent'
  | 'after-intent'
  | 'after-write'
  | 'before-finish'
  | 'after-finish'
  | 'before-send-log'
  | 'after-send-log';

/** Every name, for reading a specification. */
export const FAULT_POINTS: readonly FaultPoint[] = [
  'after-take-in',
  'after-create',
  'after-vote',
  'before-decision',
  'before-intent',
  'after-intent',
  'after-write',
  'before-finish',
  'after-finish',
  'before-send-log',
  'after-send-log',
];

/** Called at each such place, and awaited. Undefined when nothing is armed there: then it costs one call. */
export type FaultPoints = (point: FaultPoint) => Promise<void> | undefined;

/** Nothing is armed: what production runs with. */
export const noFaultPoints: FaultPoints = () => undefined;
