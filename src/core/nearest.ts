// A zero too few or too many is the usual slip in `wikikube-worker1001`, so it weighs a third of any other edit.
const ZERO = 1;
const EDIT = 3;
/** The word begins the candidate, or is found inside it: near, whatever is missing. */
const BEGINS = 4;
const INSIDE = 5;
const LONGEST = 64;

/**
 * The candidates that may have been meant by `word`, nearest first, equally near ones by name. Those twice as far as
 * the nearest, or farther, are left out. A short name is compared with the short part of a full one.
 *
 * @param most how many at most.
 * @returns an empty list when nothing is near.
 */
export function nearest(word: string, candidates: readonly string[], most = 3): readonly string[] {
  const typed = word.toLowerCase();
  if (typed === '' || typed.length > LONGEST * 4) return [];
  const scored: { readonly candidate: string; readonly score: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const score = remoteness(typed, candidate.toLowerCase());
    if (score !== undefined) scored.push({ candidate, score });
  }
  const best = scored.reduce((least, { score }) => Math.min(least, score), Infinity);
  return scored
    .filter(({ score }) => score === best || score < best * 2)
    .sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** How far the names are apart, 0 for equal; undefined when too far to be meant. */
function remoteness(typed: string, candidate: string): number | undefined {
  const [short, domain] = splitName(typed);
  const [candidateShort, candidateDomain] = splitName(candidate);
  const score = shortRemoteness(short, candidateShort);
  if (score === undefined || domain === '' || candidateDomain === '') return score;
  // The other data centre is one slip, not the five letters that differ.
  return candidateDomain.startsWith(domain) ? score : score + EDIT;
}

function splitName(name: string): readonly [string, string] {
  const dot = name.indexOf('.');
  return dot <= 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

function shortRemoteness(typed: string, candidate: string): number | undefined {
  if (typed.length > LONGEST || candidate.length > LONGEST) return undefined;
  const edits = Math.max(1, Math.min(3, Math.floor(typed.length / 3)));
  const distance = editDistance(typed, candidate, edits * EDIT);
  const found = [distance];
  if (typed.length >= 2 && candidate.startsWith(typed)) found.push(BEGINS);
  if (typed.length >= 4 && candidate.includes(typed)) found.push(INSIDE);
  const score = Math.min(...found);
  return Number.isFinite(score) ? score : undefined;
}

/** Weighted edit distance with neighbouring letters swapped as one edit; Infinity when over `most`. */
function editDistance(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) * ZERO > most) return Infinity;
  // Hosts of one group share most of their name: what they share at both ends costs nothing.
  const [left, right] = sharedEnds(from, to);
  const distance = distanceOf(from.slice(left, from.length - right), to.slice(left, to.length - right), most);
  return distance <= most ? distance : Infinity;
}

function sharedEnds(from: string, to: string): readonly [number, number] {
  const shorter = Math.min(from.length, to.length);
  let left = 0;
  while (left < shorter && from[left] === to[left]) left += 1;
  let right = 0;
  while (right < shorter - left && from.at(-1 - right) === to.at(-1 - right)) right += 1;
  return [left, right];
}

/** The usual table, three rows of it; given up as soon as two rows in a row are over `most`, for a swap reaches two back. */
function distanceOf(from: string, to: string, most: number): number {
  let beforeLast: number[] = [];
  let last = [0];
  let lastLeast = 0;
  for (let column = 1; column <= to.length; column += 1) {
    last.push((last[column - 1] ?? 0) + weightOf(to[column - 1]));
  }
  for (let row = 1; row <= from.length; row += 1) {
    const a = from[row - 1];
    const current = [(last[0] ?? 0) + weightOf(a)];
    let least = current[0] ?? 0;
    for (let column = 1; column <= to.length; column += 1) {
      const b = to[column - 1];
      const isSwapped = row > 1 && column > 1 && a === to[column - 2] && b === from[row - 2];
      const score = Math.min(
        (last[column] ?? Infinity) + weightOf(a),
        (current[column - 1] ?? Infinity) + weightOf(b),
        (last[column - 1] ?? Infinity) + (a === b ? 0 : EDIT),
        isSwapped ? (beforeLast[column - 2] ?? Infinity) + EDIT : Infinity,
      );
      current.push(score);
      least = Math.min(least, score);
    }
    if (least > most && lastLeast > most) return Infinity;
    beforeLast = last;
    last = current;
    lastLeast = least;
  }
  return last[to.length] ?? Infinity;
}

function weightOf(character: string | undefined): number {
  return character === '0' ? ZERO : EDIT;
}
