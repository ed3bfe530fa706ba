/** How a command that was typed into a console came out, for the exit code. */
export const EXIT = { done: 0, refused: 1, usage: 2, unknown: 3, waiting: 4 } as const;

/** `open`: more is to come. `other`: about something else. */
export type Outcome = keyof typeof EXIT | 'open' | 'other';

/** One line of Sluice's. */
export interface Heard {
  readonly line: string;
  /** It was said to this console alone, as the answer to what was typed. */
  readonly answer: boolean;
}

/** What was typed, and by whom. */
export interface Typed {
  readonly user: string;
  /** The operation that the command is about; undefined until one is known. */
  readonly operation: string | undefined;
  /** It was typed to end the operation. */
  readonly ends: boolean;
}

const ID = '[a-hj-km-np-z][a-hj-km-np-z2-9]{2,4}';

/** The rules of a refusal that say: it was typed wrongly. Any other says: it may not be. */
const USAGE =
  /^\S+: refused: (?:usage|option|quotes|range|time|character|command|hosts|weight|ambiguous host|unknown (?:host|service|name|record|operation|person)):/;

/** What is typed, before anything was said of it. */
export function readTyped(text: string, user: string): Typed {
  const [, verb, operation] =
    new RegExp(`^!?(approve|unapprove|deny|cancel|resume|settle|stop)\\s+(${ID})(?:\\s|$)`).exec(
      text.trim(),
    ) ?? [];
  return { user, operation, ends: verb === 'deny' || verb === 'cancel' };
}

/**
 * What one line of Sluice's says of the command that was typed.
 *
 * @returns the outcome, and the operation that the command is about.
 */
export function readOutcome(
  { line, answer }: Heard,
  { user, operation, ends }: Typed,
): { readonly outcome: Outcome; readonly operation: string | undefined } {
  if (answer) return { outcome: ofAnswer(line), operation };
  const asked = new RegExp(`^(\\S+): (${ID}) (waits for|needs no approval|BREAK-GLASS)`).exec(line);
  if (asked?.[1] === user && operation === undefined)
    return { outcome: asked[3] === 'waits for' ? 'waiting' : 'open', operation: asked[2] };
  const said = operation === undefined ? undefined : afterId(line, operation);
  if (said === undefined) return { outcome: 'other', operation };
  return { outcome: ends && /^(?:denied|cancelled) by/.test(said) ? 'done' : ofOperation(said), operation };
}

function afterId(line: string, operation: string): string | undefined {
  return new RegExp(`^${operation}[ :,] ?(.*)$`, 's').exec(line)?.[1];
}

function ofAnswer(line: string): Outcome {
  if (USAGE.test(line)) return 'usage';
  return /^\S+: (?:refused:|nothing was queued)/.test(line) ? 'refused' : 'done';
}

function ofOperation(said: string): Outcome {
  if (/^(?:done|settled|stopping)\b/.test(said)) return 'done';
  if (/^(?:failed|conflict|expired|refused|cancelled|denied|not done)\b/.test(said)) return 'refused';
  if (said.startsWith('UNKNOWN')) return 'unknown';
  return /^held\b|^approved by .* needed: |It waits for /.test(said) ? 'waiting' : 'open';
}
