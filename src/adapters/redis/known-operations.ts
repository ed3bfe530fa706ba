import type { Operation } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import type { Fields } from './records.ts';
import { readOperation } from './records.ts';

/** So much text of operations is kept, counted as it is in Redis. */
const MOST_CHARACTERS = 4 * 2 ** 20;

interface Known {
  readonly digest: string;
  readonly operation: Operation;
  readonly characters: number;
}

/**
 * Operations as they were read last, by what their hashes came to then: most of those that are listed have ended and never change, and reading them anew for
 * each line of chat would be most of its work.
 */
export class KnownOperations {
  private readonly known = new Map<string, Known>();
  private characters = 0;

  /** The operation, when its hash is still what it was. */
  find(id: string, digest: string): Operation | undefined {
    const found = this.known.get(id);
    return found?.digest === digest ? found.operation : undefined;
  }

  /** Reads a hash, and keeps what it says under its digest. */
  read(id: string, digest: string, fields: Fields): Result<Operation | undefined> {
    const operation = readOperation(id, fields);
    this.forget(id);
    if (operation.ok && operation.value !== undefined) {
      const characters = Object.values(fields).reduce((sum, text) => sum + (text?.length ?? 0), 0);
      this.known.set(id, { digest, operation: operation.value, characters });
      this.characters += characters;
      for (const oldest of this.known.keys()) {
        if (this.characters <= MOST_CHARACTERS) break;
        this.forget(oldest);
      }
    }
    return operation;
  }

  private forget(id: string): void {
    this.characters -= this.known.get(id)?.characters ?? 0;
    this.known.delete(id);
  }
}
