import { readFile } from 'node:fs/promises';
import type { AuditFact } from '../../core/audit-story.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { AuditLine, ChainHead } from './audit-line.ts';
import { NO_LINE, checkLine } from './audit-line.ts';
import { logsOf, partsOf } from './files.ts';

/** What a whole, unbroken chain shows. */
export interface VerifiedChain {
  readonly count: number;
  readonly head: string;
  /** The number of the line whose hash was looked for; undefined when none has it. */
  readonly found: number | undefined;
}

/**
 * Reads a whole log, with the files that were put aside, and holds each line against the one before.
 *
 * @param wanted a hash that was told elsewhere once: a log that was written anew does not have it.
 * @returns how many lines there are and the hash of the last; the first problem with its file and line number when the chain is broken.
 */
export async function verifyAudit(file: string, wanted?: string): Promise<Result<VerifiedChain, string>> {
  let head: ChainHead = { seq: 0, hash: NO_LINE };
  let found: number | undefined;
  for (const one of await partsOf(file)) {
    const lines = (await readFile(one, 'utf8')).split('\n').slice(0, -1);
    for (const [index, line] of lines.entries()) {
      const checked = checkLine(line, head);
      const where = one === file ? '' : `${one}: `;
      if (typeof checked === 'string') return fail(`${where}line ${String(index + 1)} ${checked}`);
      head = checked;
      if (head.hash === wanted) found = head.seq;
    }
  }
  return ok({ count: head.seq, head: head.hash, found });
}

/** What every process that wrote to the directory has told, oldest first; whether the chains hold is another question. */
export async function readAudit(stateDir: string): Promise<readonly AuditFact[]> {
  const facts: AuditFact[] = [];
  for (const file of await logsOf(stateDir)) facts.push(...(await readLog(file)));
  return facts.sort((a, b) => a.at - b.at);
}

/** Every line of one log that can be read, oldest first. */
async function readLog(file: string): Promise<readonly AuditFact[]> {
  const facts: AuditFact[] = [];
  for (const one of await partsOf(file)) {
    for (const text of (await readFile(one, 'utf8')).split('\n').slice(0, -1)) {
      const line = readLine(text);
      if (line !== undefined)
        facts.push({
          op: line.op ?? undefined,
          event: line.event,
          person: line.person ?? undefined,
          data: line.data,
          at: Date.parse(line.at),
        });
    }
  }
  return facts;
}

function readLine(text: string): AuditLine | undefined {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return undefined;
  }
}
