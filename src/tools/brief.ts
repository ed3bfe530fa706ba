import { readAudit } from '../adapters/audit/read.ts';
import type { Config } from '../config.ts';
import { wordFault } from '../core/announcement/fault-words.ts';
import { wordAnnouncement } from '../core/announcement/word.ts';
import type { AuditStory } from '../core/audit-story.ts';
import { retell } from '../core/audit-story.ts';
import { nodePath } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import { isFinal, isOnNodes } from '../core/operation.ts';
import { stepsOf } from '../core/progress.ts';
import { durationText } from '../core/time.ts';
import type { Conftool } from '../ports/conftool.ts';
import { operationLine, WIDE } from './by-hand.ts';
import type { Print } from './print.ts';

const ASK_MS = 5_000;

/**
 * What the next person on call should know, in a screenful: from audit.log and etcd, and from the Sluice that runs if it answers. Nothing else is needed.
 *
 * @param conftool to look what is still out that was meant to be for a while only.
 */
export async function brief(config: Config, conftool: Conftool, print: Print): Promise<0> {
  const now = Date.now();
  const story = retell(await readAudit(config.stateDir));
  section(print, 'waiting, running, held or unknown', openLines(story));
  section(print, 'longer than it was meant to be', await overdueLines(story, conftool, now));
  section(print, 'locks and freeze', brakeLines(story, now));
  section(print, 'broke the glass, and nobody has looked', reviewLines(story));
  section(print, 'this Sluice', await ownLines(config));
  return 0;
}

function section(print: Print, title: string, lines: readonly string[]): void {
  print(`${title}:${lines.length === 0 ? ' nothing' : ''}`);
  for (const line of lines) print(`  ${line}`);
}

function openLines({ operations }: AuditStory): readonly string[] {
  return operations.filter(({ state }) => !isFinal(state)).map(operationLine);
}

/** Depooled with `for=`, the time is up, and the object is still as it was left. */
async function overdueLines(
  { operations }: AuditStory,
  conftool: Conftool,
  now: number,
): Promise<readonly string[]> {
  const due = operations.filter(isOnNodes).filter(({ plan, endedAt }) => {
    return plan.forMs !== undefined && endedAt !== undefined && endedAt + plan.forMs < now;
  });
  const lines: string[] = [];
  for (const operation of due) {
    const still: string[] = [];
    for (const { pool: key } of operation.plan.effects) {
      const pool = await conftool.pool(key);
      if (!pool.ok) return [wordFault(pool.fault).text];
      for (const { key: at, modifiedIndex } of pool.value.nodes)
        if (stepsOf(operation, at).some(({ result }) => result?.modifiedIndex === modifiedIndex))
          still.push(nodePath(at));
    }
    const { id, request, plan, endedAt = now } = operation;
    const late = durationText(now - endedAt - (plan.forMs ?? 0));
    if (still.length > 0)
      lines.push(`${id} by ${request.person}, over since ${late}: ${still.join(', ')}. In chat: !undo ${id}`);
  }
  return lines;
}

function brakeLines({ locks, freeze }: AuditStory, now: number): readonly string[] {
  const held = locks.filter(({ until }) => (until ?? Infinity) > now);
  return [
    ...(freeze === undefined ? [] : [wordAnnouncement({ kind: 'status-frozen', ...freeze }, WIDE)]),
    ...held.map((lock) => wordAnnouncement({ kind: 'status-locked', lock }, WIDE)),
  ];
}

function reviewLines({ operations, unreviewed }: AuditStory): readonly string[] {
  return operations
    .filter(({ id }: Operation) => unreviewed.includes(id))
    .map((operation) => `${operationLine(operation)}. In chat: !reviewed ${operation.id}`);
}

/** What it says of itself; that nobody answers is worth knowing too. */
async function ownLines({ http }: Config): Promise<readonly string[]> {
  if (http === undefined) return ['not known: http: is not configured'];
  const url = `http://${http.host}:${String(http.port)}/readyz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
    const { parts } = (await answer.json()) as {
      readonly parts: Readonly<Record<string, { readonly ok: boolean; readonly text: string }>>;
    };
    return Object.entries(parts).map(
      ([name, { ok, text }]) => `${name} ${ok ? 'ok' : 'DOWN'}${text === '' ? '' : ` (${text})`}`,
    );
  } catch {
    return [`${url} does not answer: it does not run, or hangs. sluice by-hand has what is unfinished`];
  }
}
