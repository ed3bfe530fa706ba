import { byteLength, shortenToBytes } from '../byte-text.ts';

/** How much a line tells: 0 is everything, each further level leaves something out that `!show ID` has. */
export type Detail = 0 | 1 | 2 | 3;

/** The line at the highest level of detail that fits in `room` bytes; the lowest level is cut if even that is too long. */
export function fitLine(room: number, line: (detail: Detail) => string): string {
  for (const detail of [0, 1, 2] as const) {
    const text = line(detail);
    if (byteLength(text) <= room) return text;
  }
  return shortenToBytes(line(3), room);
}
