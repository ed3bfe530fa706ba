import type { Facts } from './facts.ts';
import { nearest } from './nearest.ts';
import type { Operation } from './operation.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** The operation that a command names, or the fault that names the nearest ones known. */
export function needOperation(facts: Facts, id: string): Result<Operation> {
  if (facts.operation !== undefined) return ok(facts.operation);
  const known = [...facts.open, ...facts.recent].map((operation) => operation.id);
  return fail({ kind: 'operation-unknown', id, nearest: nearest(id, [...new Set(known)]) });
}
