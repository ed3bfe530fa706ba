import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Audit, AuditEntry } from '../../ports/audit.ts';
import type { ChainHead } from './audit-line.ts';
import { NO_LINE, nextLine } from './audit-line.ts';
import { rotatedName, rotatedFiles } from './files.ts';

/** Some hundred thousand lines: what an editor still opens. */
const MOST_BYTES = 64 * 2 ** 20;
/** Read and append; and a write ends when it is on disk, as with fdatasync after it, but in one call. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_DSYNC;
/** The next line comes sooner. */
const SOON_MS = 10;

interface Waiting {
  readonly entry: AuditEntry;
  readonly resolve: (result: Result<void>) => void;
}

/**
 * Opens audit.log: one JSON object a line, each with the hash of the line before it. A line that a crash left half written is cut off, and that is
 * noted in the log itself.
 *
 * @param now milliseconds since the epoch.
 * @param options.mostBytes a file that has grown to this is put aside under the number of its last line, and the chain goes on in a new one.
 * @param options.onLine told of each line that is on disk: for a copy elsewhere.
 * @throws when the file cannot be opened, or its last whole line is none of ours.
 */
export async function openAudit(
  file: string,
  now: () => number,
  options: { readonly mostBytes?: number; readonly onLine?: (line: string) => void } = {},
): Promise<Audit> {
  const handle = await open(file, FLAGS, 0o600);
  const { head, cutBytes } = await findHead(file, handle).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  const log = new AuditLog(file, { handle, head: head ?? (await rotatedHead(file)) }, now, options);
  if (cutBytes > 0)
    await log.append({ op: undefined, event: 'repaired', person: undefined, data: { cutBytes } });
  return log;
}

class AuditLog implements Audit {
  private readonly file: string;
  private readonly now: () => number;
  private readonly mostBytes: number;
  private readonly onLine: (line: string) => void;
  private handle: FileHandle;
  private chain: ChainHead;
  /** Of the file; undefined until it was looked at, or when a write has failed. Nobody else writes to it. */
  private bytes: number | undefined;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    file: string,
    from: { readonly handle: FileHandle; readonly head: ChainHead },
    now: () => number,
    options: { readonly mostBytes?: number; readonly onLine?: (line: string) => void },
  ) {
    this.file = file;
    this.handle = from.handle;
    this.chain = from.head;
    this.now = now;
    this.mostBytes = options.mostBytes ?? MOST_BYTES;
    this.onLine = options.onLine ?? (() => undefined);
  }

  head(): ChainHead {
    return this.chain;
  }

  append(entry: AuditEntry, when: 'now' | 'soon' = 'now'): Promise<Result<void>> {
    return new Promise((resolve) => {
      this.waiting.push({ entry, resolve });
      if (when === 'now') this.begin();
      else
        this.soon ??= setTimeout(() => {
          this.begin();
        }, SOON_MS);
    });
  }

  async close(): Promise<void> {
    this.begin();
    await this.flushing;
    await this.handle.close();
  }

  private begin(): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    this.flushing ??= this.flush();
  }

  /** Those who wait share one write and one fdatasync. What the disk refused is not in the chain: the next line follows the last good one. */
  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const before = this.chain;
      let head = before;
      const lines = batch.map(({ entry }) => {
        const line = nextLine(head, entry, this.now());
        head = line.head;
        return line.text;
      });
      const written = await this.write(lines.map((line) => `${line}\n`).join(''));
      this.chain = written.ok ? { seq: head.seq, hash: head.hash } : before;
      if (written.ok) for (const line of lines) this.onLine(line);
      for (const { resolve } of batch) resolve(written);
    }
    // In the same turn as the last look at who waits: whoever comes after must find that nobody flushes.
    this.flushing = undefined;
  }

  /** The old file keeps its lines; the new one begins where it ended. */
  private async rotate(): Promise<void> {
    await rename(this.file, rotatedName(this.file, this.chain.seq));
    const next = await open(this.file, FLAGS, 0o600);
    await this.handle.close();
    this.handle = next;
  }

  private async write(text: string): Promise<Result<void>> {
    let size = this.bytes;
    this.bytes = undefined;
    const length = Buffer.byteLength(text);
    try {
      size ??= (await this.handle.stat()).size;
      if (size > 0 && size + length > this.mostBytes) {
        await this.rotate();
        size = 0;
      }
      await writeWhole(this.handle, text);
      this.bytes = size + length;
      return ok(undefined);
    } catch (error) {
      // A full disk may have taken a part of it.
      if (size !== undefined) await this.handle.truncate(size).catch(() => undefined);
      return fail({ kind: 'audit-failed', cause: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** @throws when the disk takes only a part of it. */
async function writeWhole(handle: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const { bytesWritten } = await handle.write(bytes);
  if (bytesWritten < bytes.length) await handle.appendFile(bytes.subarray(bytesWritten));
}

/** Where the chain stands when the file itself is empty: put aside a moment before a crash, or never begun. */
async function rotatedHead(file: string): Promise<ChainHead> {
  const last = (await rotatedFiles(file)).at(-1);
  if (last === undefined) return { seq: 0, hash: NO_LINE };
  const lines = (await readFile(last, 'utf8')).trimEnd().split('\n');
  return headOf(last, lines.at(-1) ?? '');
}

function headOf(file: string, line: string): ChainHead {
  const last = JSON.parse(line) as { seq?: unknown; hash?: unknown };
  if (typeof last.seq !== 'number' || typeof last.hash !== 'string')
    throw new Error(`${file}: the last line is no audit line`);
  return { seq: last.seq, hash: last.hash };
}

/** The last whole line; whatever follows it is cut off. No head: there is no line. */
async function findHead(
  file: string,
  handle: FileHandle,
): Promise<{ head: ChainHead | undefined; cutBytes: number }> {
  const content = await readFile(file);
  const end = content.lastIndexOf('\n') + 1;
  const cutBytes = content.length - end;
  if (cutBytes > 0) await handle.truncate(end);
  if (end === 0) return { head: undefined, cutBytes };
  const start = content.lastIndexOf('\n', end - 2) + 1;
  return { head: headOf(file, content.subarray(start, end).toString('utf8')), cutBytes };
}
