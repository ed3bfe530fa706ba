const encoder = new TextEncoder();
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Length in bytes as sent. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Cuts at a grapheme boundary so that text and "..." fit. Returns the text itself when it fits. */
export function cutToBytes(text: string, room: number): string {
  if (byteLength(text) <= room) return text;
  let kept = '';
  let bytes = 3;
  for (const { segment } of graphemes.segment(text)) {
    bytes += byteLength(segment);
    if (bytes > room) break;
    kept += segment;
  }
  return `${kept.trimEnd()}...`;
}

/** How much a line tells: 0 is everything, each further level leaves something out that `!show ID` has. */
export type Detail = 0 | 1 | 2 | 3;

/** The line at the highest level of detail that fits in `room` bytes; the lowest level is cut if even that is too long. */
export function fitLine(room: number, line: (detail: Detail) => string): string {
  for (const detail of [0, 1, 2] as const) {
    const text = line(detail);
    if (byteLength(text) <= room) return text;
  }
  return cutToBytes(line(3), room);
}
