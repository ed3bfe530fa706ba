import { isTaskTail } from './tail.ts';
import type { Token } from './tokens.ts';
import { withoutDashes } from './tokens.ts';

/** The word that makes of a plan command a question. */
export const DRY_RUN = 'dry-run';

const DRY_RUN_WORD = /^dry[-_]?run$/i;
const PRIVATE_WORD = /^private$/i;

/** Whether this is the word, however it is joined, with or without the dashes of an option. */
export function isDryRun(token: Token): boolean {
  return !token.quoted && DRY_RUN_WORD.test(withoutDashes(token.text));
}

/** Whether this is the word that keeps the reason out of what others read. */
export function isPrivateWord(token: Token): boolean {
  return !token.quoted && PRIVATE_WORD.test(withoutDashes(token.text));
}

/**
 * Takes a word out that changes what the line asks for. It counts as the first word after the arguments, as the last word, and as the last before the
 * tasks; with dashes, which only an option has, anywhere. Where it may be meant, to do less is the smaller harm.
 *
 * @param rest the words after the arguments, options already taken out.
 */
export function takeFlag(
  rest: readonly Token[],
  isFlag: (token: Token) => boolean,
): { readonly isSet: boolean; readonly rest: readonly Token[] } {
  const kept = rest.filter((token, index) => {
    if (!isFlag(token)) return true;
    const isDashed = token.text.startsWith('-');
    return !isDashed && index !== 0 && !isEndOfReason(rest.slice(index + 1));
  });
  return { isSet: kept.length < rest.length, rest: kept };
}

function isEndOfReason(after: readonly Token[]): boolean {
  return after.length === 0 || isTaskTail(after);
}
