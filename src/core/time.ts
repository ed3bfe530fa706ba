import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Reads a time span as configuration and commands write it: `30s`, `15m`, `2h`, `3d`.
 *
 * @returns milliseconds; a Fault `duration-invalid` for anything else, zero included.
 */
export function parseDuration(text: string): Result<number> {
  const match = /^([1-9]\d{0,5})([smhd])$/.exec(text);
  if (match === null) return fail({ kind: 'duration-invalid', text });
  return ok(Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS]);
}

/** `15m`, `2h`: the largest unit that divides the span; `90s` otherwise. */
export function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (ms >= UNITS_MS[unit] && ms % UNITS_MS[unit] === 0) return `${String(ms / UNITS_MS[unit])}${unit}`;
  }
  return `${String(Math.round(ms / 1000))}s`;
}

/** `10:58 UTC`. @param at milliseconds since the epoch. */
export function minuteText(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** `10:43:09 UTC`. @param at milliseconds since the epoch. */
export function secondText(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}

/** `0.03 s`, `1.9 s`, `12m 40s`. */
export function elapsedText(ms: number): string {
  const bounded = Math.max(0, ms);
  if (bounded >= 60_000) return minutesSecondsText(bounded);
  return `${(bounded / 1000).toFixed(bounded < 95 ? 2 : 1)} s`;
}

/** `00m 01s`, whole seconds, minutes never roll over into hours: the form of the Server Admin Log. */
export function minutesSecondsText(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}m ${two(seconds % 60)}s`;
}
