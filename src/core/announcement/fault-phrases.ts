import { shortenToBytes } from '../byte-text.ts';
import { foldHosts } from '../hosts.ts';

/** A fault in words: the rule that it comes from, and what is the matter, with the numbers and what to type. Ends in a full stop. */
export interface FaultWords {
  readonly rule: string;
  readonly text: string;
}

/** Without its domain. */
export function shortHost(host: string): string {
  return host.split('.')[0] ?? host;
}

/** Foreign text on the way out: one line, no control characters. */
export function shown(text: string): string {
  return shortenToBytes(text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim(), 120);
}

/** ` Nearest: a, b.`; nothing when there are none. */
export function nearestText(names: readonly string[], title: string): string {
  return names.length === 0 ? '' : ` ${title}: ${names.length > 4 ? foldHosts(names) : names.join(', ')}.`;
}

/** Foreign text that our own full stop follows. */
export function withoutStop(text: string): string {
  return shown(text).replace(/\.$/, '');
}
