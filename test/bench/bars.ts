/** Something that must hold: a figure, beside a floor of the same run where there is one. */
export interface Bar {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is divided by; undefined when the bar is a figure of its own. */
  readonly floor: number | undefined;
  /** The most that it may be: times the floor, or in its unit. */
  readonly most: number;
}

/** Times the floor, or the figure itself. */
function measureOf({ value, floor }: Bar): number {
  return floor === undefined ? value : value / floor;
}

/** A figure that is not there holds nothing. */
export function holds(bar: Bar): boolean {
  return measureOf(bar) <= bar.most;
}

/** `1.84 x, at most 2 x` or `0.71 s, at most 1 s`. */
export function barText(bar: Bar): string {
  const unit = bar.floor === undefined ? bar.unit : 'x';
  return `${short(measureOf(bar))} ${unit}, at most ${short(bar.most)} ${unit}`;
}

/** Three digits that count. */
export function short(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(digits, 6))));
}
