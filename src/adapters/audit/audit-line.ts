import { hash as digest } from 'node:crypto';
import type { AuditEntry } from '../../ports/audit.ts';

/** The chain's beginning: what the first line's `prev` is. */
export const NO_LINE = '0'.repeat(64);

/** One line of audit.log. */
export interface AuditLine {
  readonly seq: number;
  /** ISO time, UTC. */
  readonly at: string;
  readonly op: string | null;
  readonly event: string;
  readonly person: string | null;
  readonly data: unknown;
  readonly prev: string;
  readonly hash: string;
}

/** Where a chain stands: the number and the hash of its last line. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Makes the next line, as text without its end. Its hash is sha256 over `prev` and the JSON text of the line without `hash`, in hex. */
export function nextLine(
  head: ChainHead,
  entry: AuditEntry,
  now: number,
): { readonly head: ChainHead; readonly text: string } {
  const line = {
    seq: head.seq + 1,
    at: new Date(now).toISOString(),
    op: entry.op ?? null,
    event: entry.event,
    person: entry.person ?? null,
    data: entry.data ?? null,
    prev: head.hash,
  };
  const text = JSON.stringify(line);
  const hash = hashOf(line.prev, text);
  return { head: { seq: line.seq, hash }, text: `${text.slice(0, -1)},"hash":"${hash}"}` };
}

/**
 * Reads one line and holds it against the line before.
 *
 * @returns the head after it; else what is wrong, in words.
 */
export function checkLine(text: string, head: ChainHead): ChainHead | string {
  const line = readLine(text);
  if (line === undefined) return 'is no JSON';
  const { hash, ...rest } = line;
  if (line.prev !== head.hash) return 'does not follow the line before it';
  if (line.seq !== head.seq + 1) return `has number ${String(line.seq)}, not ${String(head.seq + 1)}`;
  if (hashOf(line.prev, JSON.stringify(rest)) !== hash) return 'was changed after it was written';
  return { seq: line.seq, hash };
}

function hashOf(prev: string, text: string): string {
  return digest('sha256', prev + text);
}

function readLine(text: string): AuditLine | undefined {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return undefined;
  }
}
