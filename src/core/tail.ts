import { visibleText } from './characters.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import type { Token } from './tokens.ts';

/** How many tasks one line may name: the log line must hold them all. */
export const TASKS_MOST = 8;

/** A task of Phabricator as people may type it; the same form is checked again when the log line is composed. */
export const TASK = /^T[1-9]\d{2,6}$/;

/**
 * Tells the reason from the tasks at its end: `first worker - T378944`, `- T1234 T4567`, `- T1234, T4567`.
 *
 * @param words what is left of the line after arguments and options.
 * @param line the line that the words came from; the reason is taken from it verbatim.
 * @returns a Fault `argument-invalid` when there are more than `TASKS_MOST` tasks; its usage is left to the caller.
 */
export function splitTail(
  words: readonly Token[],
  line: string,
): Result<{ readonly reason: string; readonly tasks: readonly string[] }, TooManyTasks> {
  const end = reasonEnd(words);
  const tasks = [...new Set(words.slice(end).flatMap((token) => (isDash(token) ? [] : taskNames(token))))];
  if (tasks.length > TASKS_MOST) {
    const why = `at most ${String(TASKS_MOST)} tasks fit into one log line`;
    return fail({ kind: 'argument-invalid', argument: 'TASK', text: tasks.join(' '), why });
  }
  return ok({ reason: visibleText(originalText(words.slice(0, end), line)), tasks });
}

interface TooManyTasks {
  readonly kind: 'argument-invalid';
  readonly argument: string;
  readonly text: string;
  readonly why: string;
}

/** Whether these words are nothing but ` - T1234 T4567`. */
export function isTaskTail(words: readonly Token[]): boolean {
  return words.length > 0 && reasonEnd(words) === 0;
}

/** The index of the first word of the tasks, that is of the dash before them; the number of words when there are none. */
function reasonEnd(words: readonly Token[]): number {
  let end = words.length;
  for (let at = words.length - 1; at >= 0; at -= 1) {
    const token = words[at];
    if (token === undefined) break;
    // A dash counts only with a task behind it.
    if (isDash(token) && at + 1 < end) end = at;
    else if (taskNames(token).length === 0) break;
  }
  return end;
}

function isDash(token: Token): boolean {
  return !token.quoted && /^[-–—]+$/.test(token.text);
}

/** `T1234`, `T1234,` and `T1234,T4567`; empty when the word is anything else. */
function taskNames(token: Token): readonly string[] {
  if (token.quoted) return [];
  const names = token.text.replace(/,$/, '').split(',');
  return names.every((name) => TASK.test(name)) ? names : [];
}

/** The words with the blanks that stood between them; where an option was taken out, one blank. */
function originalText(words: readonly Token[], line: string): string {
  const pieces: { start: number; end: number }[] = [];
  for (const { start, end } of words) {
    const last = pieces.at(-1);
    if (last !== undefined && line.slice(last.end, start).trim() === '') last.end = end;
    else pieces.push({ start, end });
  }
  return pieces.map(({ start, end }) => line.slice(start, end)).join(' ');
}
