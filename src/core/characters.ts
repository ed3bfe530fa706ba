import type { Fault } from './fault.ts';

// The colour codes of IRC carry their parameters as plain digits: `03` and `04` go together with them.
const IRC_COLOUR = /\u0003(?:\d{1,2}(?:,\d{1,2})?)?|\u0004(?:[0-9a-fA-F]{6})?/g;
const BLANK = /[\t\n\v\f\r\u0085\u2028\u2029\p{Zs}]/gu;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Every kind of blank (tab, line end, no-break space) as one ASCII blank each: offsets in the text stay what they were. */
export function plainBlanks(text: string): string {
  return text.replace(BLANK, ' ');
}

/**
 * The text without what cannot be seen: control characters, colour codes, zero-width and bidi characters, half surrogates.
 * Line ends and tabs become blanks. What can be seen is left as typed.
 */
export function visibleText(text: string): string {
  return plainBlanks(text.replace(IRC_COLOUR, '')).replace(INVISIBLE, '').trim();
}

/**
 * Finds the first character that may not stand in a name, such as a Cyrillic letter that looks like a Latin one.
 *
 * @param allowed matches one allowed character.
 * @returns a Fault `character-refused` with the code point (`U+0430`); undefined when all are allowed.
 */
export function refusedCharacter(text: string, allowed: RegExp): Fault | undefined {
  const refused = Array.from(text).find((character) => !allowed.test(character));
  if (refused === undefined) return undefined;
  return { kind: 'character-refused', text: visibleText(text), codePoint: codePointText(refused) };
}

/** `U+0430`. */
function codePointText(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
