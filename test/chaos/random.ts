/** Chance that can be had again. */
export interface Chance {
  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number;
  /** One of these. */
  pick<T>(some: readonly [T, ...T[]]): T;
  /** True in `percent` of all cases. */
  is(percent: number): boolean;
}

/** The same seed gives the same numbers (mulberry32). */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    between,
    pick: (some) => some[between(0, some.length - 1)] ?? some[0],
    is: (percent) => between(1, 100) <= percent,
  };
}
