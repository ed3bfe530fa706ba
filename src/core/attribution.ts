import type { NodeKey } from './node.ts';
import { nodePath } from './node.ts';
import type { Operation } from './operation.ts';
import { isOnNodes } from './operation.ts';
import type { AttributedChange, Attribution, SeenChange } from './seen-change.ts';

/** A line of the Server Admin Log that somebody said in the channel. */
export interface LogLine {
  readonly by: string;
  readonly text: string;
  readonly at: number;
}

/** A log line is about a change when it was said so near to it. */
const NEAR_MS = 120_000;

/** Whose a write was: an operation's whose journal has that very index, else whoever spoke of the host in the log about then. */
export function attribute(
  {
    key,
    modifiedIndex,
    at,
  }: { readonly key: NodeKey; readonly modifiedIndex: number; readonly at: number | undefined },
  operations: readonly Operation[],
  lines: readonly LogLine[],
): Attribution {
  for (const { id, request, steps, plan, endedAt } of operations.filter(isOnNodes)) {
    const isOurs = steps.some(
      (step) => step.result?.modifiedIndex === modifiedIndex && nodePath(step.key) === nodePath(key),
    );
    if (!isOurs) continue;
    const until = plan.forMs === undefined || endedAt === undefined ? undefined : endedAt + plan.forMs;
    const { person, reason, tasks } = request;
    return { kind: 'operation', id, person, reason, tasks, until };
  }
  const short = key.host.split('.')[0] ?? key.host;
  const word = new RegExp(`(?<![\\w-])${escape(short)}(?![\\w-])`);
  const near = lines.filter(
    (line) => at !== undefined && Math.abs(line.at - at) <= NEAR_MS && word.test(line.text),
  );
  const last = near.at(-1);
  return last === undefined ? { kind: 'unknown' } : { kind: 'logged', by: last.by, text: last.text };
}

/** Each write once, newest first: several processes may have seen the same one. */
export function attributeChanges(
  changes: readonly SeenChange[],
  operations: readonly Operation[],
  lines: readonly LogLine[],
): readonly AttributedChange[] {
  const distinct = new Map<string, SeenChange>();
  for (const change of [...changes].sort((a, b) => a.at - b.at)) {
    const name = `${nodePath(change.key)} ${String(change.modifiedIndex)}`;
    if (!distinct.has(name)) distinct.set(name, change);
  }
  return [...distinct.values()]
    .sort((a, b) => b.modifiedIndex - a.modifiedIndex)
    .map((change) => ({ ...change, by: attribute(change, operations, lines) }));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
