import type { FileHandle } from 'node:fs/promises';
import { open, readFile } from 'node:fs/promises';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Audit, AuditEntry } from '../../ports/audit.ts';
import type { ChainHead } from './audit-line.ts';
import { NO_LINE, checkLine, nextLine } from './audit-line.ts';

interface Waiting {
  readonly entry: AuditEntry;
  readonly resolve: (result: Result<void>) => void;
}

/**
 * Opens audit.log: one JSON object a line, each with the hash of the line before it. A line that a crash left half written is cut off, and that is
 * noted in the log itself.
 *
 * @param now milliseconds since the epoch.
 * @throws when the file cannot be opened, or its last whole line is none of ours.
 */
export async function openAudit(file: string, now: () => number): Promise<Audit> {
  const handle = await open(file, 'a+', 0o600);
  const { head, cutBytes } = await findHead(file, handle).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  const log = new AuditLog(handle, head, now);
  if (cutBytes > 0)
    await log.append({ op: undefined, event: 'repaired', person: undefined, data: { cutBytes } });
  return log;
}

/**
 * Reads a whole log and holds each line against the one before.
 *
 * @returns how many lines there are and the hash of the last; the first problem with its line number when the chain is broken.
 */
export async function verifyAudit(
  file: string,
): Promise<Result<{ readonly count: number; readonly head: string }, string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  let head: ChainHead = { seq: 0, hash: NO_LINE };
  for (const [index, line] of lines.entries()) {
    const checked = checkLine(line, head);
    if (typeof checked === 'string') return fail(`line ${String(index + 1)} ${checked}`);
    head = checked;
  }
  return ok({ count: head.seq, head: head.hash });
}

class AuditLog implements Audit {
  private readonly handle: FileHandle;
  private readonly now: () => number;
  private head: ChainHead;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;

  constructor(handle: FileHandle, head: ChainHead, now: () => number) {
    this.handle = handle;
    this.head = head;
    this.now = now;
  }

  append(entry: AuditEntry): Promise<Result<void>> {
    return new Promise((resolve) => {
      this.waiting.push({ entry, resolve });
      this.flushing ??= this.flush();
    });
  }

  async close(): Promise<void> {
    await this.flushing;
    await this.handle.close();
  }

  /** Those who wait share one write and one fdatasync. What the disk refused is not in the chain: the next line follows the last good one. */
  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const before = this.head;
      let { head } = this;
      let text = '';
      for (const { entry } of batch) {
        const line = nextLine(head, entry, this.now());
        head = line;
        text += `${JSON.stringify(line)}\n`;
      }
      const written = await this.write(text);
      this.head = written.ok ? { seq: head.seq, hash: head.hash } : before;
      for (const { resolve } of batch) resolve(written);
    }
    // In the same turn as the last look at who waits: whoever comes after must find that nobody flushes.
    this.flushing = undefined;
  }

  private async write(text: string): Promise<Result<void>> {
    let size: number | undefined;
    try {
      ({ size } = await this.handle.stat());
      await this.handle.appendFile(text);
      await this.handle.datasync();
      return ok(undefined);
    } catch (error) {
      // A full disk may have taken a part of it.
      if (size !== undefined) await this.handle.truncate(size).catch(() => undefined);
      return fail({ kind: 'audit-failed', cause: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** The last whole line; whatever follows it is cut off. */
async function findHead(file: string, handle: FileHandle): Promise<{ head: ChainHead; cutBytes: number }> {
  const content = await readFile(file);
  const end = content.lastIndexOf('\n') + 1;
  const cutBytes = content.length - end;
  if (cutBytes > 0) await handle.truncate(end);
  if (end === 0) return { head: { seq: 0, hash: NO_LINE }, cutBytes };
  const start = content.lastIndexOf('\n', end - 2) + 1;
  const last = JSON.parse(content.subarray(start, end).toString('utf8')) as { seq?: unknown; hash?: unknown };
  if (typeof last.seq !== 'number' || typeof last.hash !== 'string')
    throw new Error(`${file}: the last line is no audit line`);
  return { head: { seq: last.seq, hash: last.hash }, cutBytes };
}
