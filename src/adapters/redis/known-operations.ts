import type { Operation, Request } from '../../core/operation.ts';
import { isFinal, linesOf } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import type { Fields } from './records.ts';
import { readOperation } from './records.ts';

/** So much text of operations is kept, counted as it is in Redis. */
const MOST_CHARACTERS = 4 * 2 ** 20;
/** Operations whose lines are remembered when they themselves are not any more. */
const MOST_LINES = 5000;
interface Known {
  readonly digest: string;
  readonly operation: Operation;
  readonly characters: number;
}

/**
 * Operations as they were read last, by what their hashes came to then: most of those that are listed have ended and never change, and reading them anew for
 * each line of chat would be most of its work. Redis is asked each time whether it still has the same.
 */
export class KnownOperations {
  private readonly known = new Map<string, Known>();
  private readonly unended = new Map<string, Known>();
  private readonly lines = new Map<string, readonly string[]>();
  private characters = 0;

  /** As it was read last; whether it is still so, the digest tells. */
  find(id: string): Operation | undefined {
    return this.known.get(id)?.operation;
  }

  /** What the hash came to when it was read last; '' for one that is not known. */
  digestOf(id: string): string {
    return this.known.get(id)?.digest ?? '';
  }

  /** Those that had not ended when they were read last. */
  open(): ReadonlyMap<string, { readonly digest: string; readonly operation: Operation }> {
    return new Map(this.unended);
  }

  /** The service lines that the operation stands in, which never change; undefined when that is not known. */
  linesOf(id: string): readonly string[] | undefined {
    return this.lines.get(id);
  }

  /** Reads a hash, and keeps what it says under its digest. */
  read(id: string, digest: string, fields: Fields): Result<Operation | undefined> {
    const operation = readOperation(id, fields);
    this.forget(id);
    if (!operation.ok || operation.value === undefined) return operation;
    const characters = Object.values(fields).reduce((sum, text) => sum + (text?.length ?? 0), 0);
    this.keep(id, { digest, operation: operation.value, characters });
    return operation;
  }

  /** Keeps an operation as a change has left it. */
  move(operation: Operation, digest: string): Result<Operation> {
    const { id } = operation;
    const characters = this.known.get(id)?.characters ?? 0;
    this.forget(id);
    this.keep(id, { digest, operation, characters });
    return ok(operation);
  }

  keepLines(id: string, request: Pick<Request, 'service' | 'services'>): void {
    this.lines.delete(id);
    this.lines.set(id, linesOf(request));
    for (const oldest of this.lines.keys()) {
      if (this.lines.size <= MOST_LINES) break;
      this.lines.delete(oldest);
    }
  }

  private keep(id: string, known: Known): void {
    this.known.set(id, known);
    if (!isFinal(known.operation.state)) this.unended.set(id, known);
    this.keepLines(id, known.operation.request);
    this.characters += known.characters;
    for (const oldest of this.known.keys()) {
      if (this.characters <= MOST_CHARACTERS) break;
      this.forget(oldest);
    }
  }

  private forget(id: string): void {
    this.characters -= this.known.get(id)?.characters ?? 0;
    this.known.delete(id);
    this.unended.delete(id);
  }
}
