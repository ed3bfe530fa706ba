const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Bytes in UTF-8: what IRC counts. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** The longest beginning that fits into so many bytes, cut between graphemes so that no letter loses its accent. */
export function cutToBytes(text: string, most: number): string {
  let used = 0;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    used += byteLength(segment);
    if (used > most) break;
    kept += segment;
  }
  return kept.trimEnd();
}

/** The text itself when it fits, else as much of it as leaves room for `...`. */
export function shortenToBytes(text: string, most: number): string {
  return byteLength(text) <= most ? text : `${cutToBytes(text, most - 3)}...`;
}
