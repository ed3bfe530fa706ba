import { readAudit } from '../adapters/audit/read.ts';
import { wordAnnouncement } from '../core/announcement/word.ts';
import { missingApprovals } from '../core/approval.ts';
import { retell } from '../core/audit-story.ts';
import { byHandSteps } from '../core/by-hand.ts';
import type { Operation } from '../core/operation.ts';
import { isFinal } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import type { Print } from './print.ts';

/** Nobody cuts a line of a terminal. */
export const WIDE = 1000;

/**
 * Prints the exact lines to type for what an operation has not done, from audit.log alone: for when Sluice itself is gone.
 *
 * @param id undefined: lists what is unfinished.
 * @returns the exit code: 1 for an id that the log does not know.
 */
export async function byHand(stateDir: string, id: string | undefined, print: Print): Promise<0 | 1> {
  const { operations } = retell(await readAudit(stateDir));
  if (id === undefined) {
    const open = operations.filter(({ state }) => !isFinal(state));
    if (open.length === 0) print('nothing is unfinished, as far as audit.log knows');
    for (const operation of open) print(operationLine(operation));
    return 0;
  }
  const operation = operations.find((one) => one.id === id);
  if (operation === undefined) {
    print(`audit.log knows no ${id}`);
    return 1;
  }
  print(operationLine(operation));
  const left = [...operation.steps].filter(({ state }) => state !== 'done');
  const doubtful = left.filter(({ state }) => state === 'intent' || state === 'uncertain');
  if (doubtful.length > 0) print('the first line may have been carried out already: look before you type it');
  const lines = byHandSteps(left);
  if (lines.length === 0) print('nothing of it is left to do');
  for (const line of lines) print(line);
  return 0;
}

/** One operation as `!ops` would show it. */
export function operationLine(operation: Operation): string {
  const { id, state, request, plan, createdAt, expiresAt } = operation;
  const announcement = {
    kind: 'operation-line' as const,
    id,
    state,
    person: request.person,
    plan: summarizePlan(plan),
    at: createdAt,
    missing: missingApprovals(operation),
    expiresAt,
  };
  return wordAnnouncement(announcement, WIDE);
}
