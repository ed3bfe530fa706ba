import { refusedCharacter } from './characters.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** How many hosts one request may name. */
export const HOSTS_MOST = 1000;

const ALLOWED = /^[A-Za-z0-9.,[\]-]$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_LONGEST = 253;
/** The largest number in a range that is surely counted exactly. */
const DIGITS_LONGEST = 15;

interface Range {
  readonly low: number;
  readonly high: number;
  /** Digits to fill up with zeros; 0 for none. */
  readonly width: number;
}

/** Text, or the numbers of one bracket. */
type Part = string | readonly Range[];

/**
 * The hosts that a list names, in its order, each once, in lower case: names have no case, the keys of conftool have that one.
 * Understands comma lists and the ranges of ClusterShell: `maps[1005-1007,1009].eqiad.wmnet`, `db[001-010]`, several brackets.
 * Counted before anything is made, so `[1-99999999]` costs nothing.
 *
 * @returns at most `HOSTS_MOST` names; Faults `character-refused`, `range-invalid` and `hosts-too-many`.
 */
export function expandHosts(text: string): Result<readonly string[]> {
  const list = text.trim().replace(/\s*,\s*/g, ',');
  if (/\[[^\]]*\//.test(list)) return invalid(text, 'steps are not supported, list the numbers');
  const refused = refusedCharacter(list, ALLOWED);
  if (refused !== undefined) return fail(refused);
  const patterns = splitList(list.toLowerCase());
  if (!patterns.ok) return invalid(text, patterns.fault);

  const names: Part[][] = [];
  let count = 0;
  for (const pattern of patterns.value) {
    const parts = readPattern(pattern);
    if (!parts.ok) return invalid(pattern, parts.fault);
    names.push(parts.value);
    count += countNames(parts.value);
  }
  if (count > HOSTS_MOST) {
    return fail({
      kind: 'hosts-too-many',
      count: Math.min(count, Number.MAX_SAFE_INTEGER),
      most: HOSTS_MOST,
    });
  }
  return ok([...new Set(names.flatMap(expandPattern))]);
}

/** Host names as cumin prints them: `maps[1005-1007,1010].eqiad.wmnet`; names that share no pattern in a comma list. Never steps. */
export function foldHosts(names: readonly string[]): string {
  const groups = new Map<string, NumberedName[]>();
  for (const name of new Set(names)) {
    const numbered = readNumber(name);
    // A name without a number is folded with no other.
    const pattern = numbered.digits === '' ? name : `${numbered.prefix}[]${numbered.suffix}`;
    groups.set(pattern, [...(groups.get(pattern) ?? []), numbered]);
  }
  return [...groups.values()].map(foldGroup).join(',');
}

function invalid(text: string, why: string): Result<never> {
  return fail({ kind: 'range-invalid', text, why });
}

/** Splits at the commas outside brackets. The fault is the reason, in words. */
function splitList(list: string): Result<readonly string[], string> {
  const patterns: string[] = [];
  let from = 0;
  let inside = false;
  for (const [at, character] of Array.from(list).entries()) {
    if (character === '[' && inside) return fail('a bracket inside a bracket');
    if (character === ']' && !inside) return fail('a ] without its [');
    if (character === '[' || character === ']') inside = character === '[';
    if (character === ',' && !inside) {
      patterns.push(list.slice(from, at));
      from = at + 1;
    }
  }
  if (inside) return fail('a [ without its ]');
  patterns.push(list.slice(from));
  if (patterns.includes('')) return fail('a name is missing beside a comma');
  return ok(patterns);
}

function readPattern(pattern: string): Result<Part[], string> {
  const parts: Part[] = [];
  for (const piece of pattern.split(/(\[[^\]]*\])/)) {
    if (!piece.startsWith('[')) {
      parts.push(piece);
      continue;
    }
    const ranges: Range[] = [];
    for (const text of piece.slice(1, -1).split(',')) {
      const range = readRange(text);
      if (!range.ok) return range;
      ranges.push(range.value);
    }
    parts.push(ranges);
  }
  // Digits for the brackets do not change whether the name is well formed, so one sample stands for all.
  const sample = parts.map((part) => (typeof part === 'string' ? part : longestNumber(part))).join('');
  if (sample.length > NAME_LONGEST || !sample.split('.').every((label) => LABEL.test(label))) {
    return fail('no host can be called so');
  }
  return ok(parts);
}

function readRange(text: string): Result<Range, string> {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) return fail(`[${text}] is no number and no range`);
  const low = match[1] ?? '';
  const high = match[2] ?? low;
  if (low.length > DIGITS_LONGEST || high.length > DIGITS_LONGEST) return fail('a number is too long');
  if (Number(low) > Number(high)) return fail(`${text} runs backwards`);
  const padded = isPadded(low) || isPadded(high);
  if (padded && low.length !== high.length) return fail(`the zeros in front of ${text} do not match`);
  return ok({ low: Number(low), high: Number(high), width: padded ? low.length : 0 });
}

function isPadded(digits: string): boolean {
  return digits.length > 1 && digits.startsWith('0');
}

function numberText(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

function longestNumber(ranges: readonly Range[]): string {
  const texts = ranges.map(({ high, width }) => numberText(high, width));
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '');
}

function countNames(parts: readonly Part[]): number {
  const counts = parts.map((part) =>
    typeof part === 'string' ? 1 : part.reduce((sum, { low, high }) => sum + high - low + 1, 0),
  );
  return counts.reduce((product, count) => product * count, 1);
}

function expandPattern(parts: readonly Part[]): readonly string[] {
  return parts.reduce<readonly string[]>(
    (names, part) => {
      const endings = typeof part === 'string' ? [part] : part.flatMap(expandRange);
      return names.flatMap((name) => endings.map((ending) => name + ending));
    },
    [''],
  );
}

function expandRange({ low, high, width }: Range): readonly string[] {
  return Array.from({ length: high - low + 1 }, (_, offset) => numberText(low + offset, width));
}

/** A name around the last number of its first label; `digits` is empty when it has none. */
interface NumberedName {
  readonly prefix: string;
  readonly digits: string;
  readonly suffix: string;
}

function readNumber(name: string): NumberedName {
  const match = /^([^.]*?)(\d+)([^.\d]*(?:\..*)?)$/s.exec(name);
  const digits = match?.[2] ?? '';
  if (match === null || digits.length > DIGITS_LONGEST) return { prefix: name, digits: '', suffix: '' };
  return { prefix: match[1] ?? '', digits, suffix: match[3] ?? '' };
}

function foldGroup(names: readonly NumberedName[]): string {
  const [first] = names;
  if (first === undefined) return '';
  const { prefix, suffix } = first;
  if (names.length === 1) return `${prefix}${first.digits}${suffix}`;
  const digits = names.map((name) => name.digits);
  return `${prefix}[${foldNumbers(digits)}]${suffix}`;
}

/** `1005-1007,1010`. Numbers of different lengths join one range only where no zeros are in front. */
function foldNumbers(digits: readonly string[]): string {
  const sorted = [...digits].sort((a, b) => a.length - b.length || Number(a) - Number(b));
  const ranges: { readonly low: string; high: string }[] = [];
  for (const number of sorted) {
    const range = ranges.at(-1);
    const follows = range !== undefined && Number(number) === Number(range.high) + 1;
    if (follows && (number.length === range.low.length || !(isPadded(range.low) || isPadded(number)))) {
      range.high = number;
    } else {
      ranges.push({ low: number, high: number });
    }
  }
  return ranges.map(({ low, high }) => (low === high ? low : `${low}-${high}`)).join(',');
}
