import { plainBlanks } from './characters.ts';

/** One word of a line, or several between quotes. */
export interface Token {
  /** As arguments are read: without the quotes, smart quotes made plain. */
  readonly text: string;
  /** The whole token stood between quotes: never an option. `name="two words"` is not quoted, only its value is. */
  readonly quoted: boolean;
  /** The quote that was opened and never closed. Harmless in a reason (`'tis`), a fault in an argument. */
  readonly openQuote: string | undefined;
  /** Where it stands in the line, quotes included, so that the line can be taken verbatim from here. */
  readonly start: number;
  readonly end: number;
}

// What phones, Slack and word processors make of plain quotes, one character each so that offsets hold.
const DOUBLE_QUOTES = /[“”„‟]/g;
const SINGLE_QUOTES = /[‘’‚‛]/g;
const LEADING_DASH = /^[‐‑‒–—−]/;
const BEFORE_VALUE = /^[^\s"'=]+=/;

/**
 * Splits a line at its blanks. `'..'` and `".."` hold blanks together, at the start of a word or after `name=`;
 * they end at the same quote before a blank or the end, so the apostrophe of "don't" is a letter.
 */
export function readTokens(line: string): readonly Token[] {
  const plain = plainBlanks(line).replace(DOUBLE_QUOTES, '"').replace(SINGLE_QUOTES, "'");
  const tokens: Token[] = [];
  let at = 0;
  while (at < plain.length) {
    if (plain[at] === ' ') {
      at += 1;
      continue;
    }
    const token = readToken(plain, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** The word without the dashes of an option: `--dry-run` and `—dry-run` are `dry-run`. */
export function withoutDashes(text: string): string {
  return text.replace(/^[-‐‑‒–—−]+/, '');
}

function readToken(line: string, start: number): Token {
  const wordEnd = endOfWord(line, start);
  const word = line.slice(start, wordEnd);
  const prefix = BEFORE_VALUE.exec(word)?.[0] ?? '';
  const quote = line[start + prefix.length];
  if (quote !== '"' && quote !== "'") {
    return { text: plainDash(word), quoted: false, openQuote: undefined, start, end: wordEnd };
  }
  const close = closingQuote(line, start + prefix.length + 1, quote);
  if (close === undefined) return { text: word, quoted: false, openQuote: quote, start, end: wordEnd };
  const inner = line.slice(start + prefix.length + 1, close);
  return {
    text: plainDash(prefix) + inner,
    quoted: prefix === '',
    openQuote: undefined,
    start,
    end: close + 1,
  };
}

function endOfWord(line: string, start: number): number {
  const blank = line.indexOf(' ', start);
  return blank === -1 ? line.length : blank;
}

function closingQuote(line: string, from: number, quote: string): number | undefined {
  for (let at = line.indexOf(quote, from); at !== -1; at = line.indexOf(quote, at + 1)) {
    if (at + 1 === line.length || line[at + 1] === ' ') return at;
  }
  return undefined;
}

/** A dash that a client made longer, at the start of a word: ` – T378944`, `—dry-run`. Inside a name it stays and is refused there. */
function plainDash(word: string): string {
  return word.replace(LEADING_DASH, '-');
}
