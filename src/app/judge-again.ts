import type { Operation } from '../core/operation.ts';
import type { Person } from '../core/people.ts';
import { PACE_NONE } from '../core/plan-nodes.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Suspension } from '../core/suspension.ts';
import { suspensionFault } from '../core/suspension.ts';
import { authorize } from './authorize.ts';
import type { Parts } from './parts.ts';
import { withRolesForWrite } from './roles-now.ts';

/** Rules with a sliding window need the person's earlier operations, and so does break-glass; most deciding rules do not. */
export function looksBack({ settings }: Parts, { request }: Operation): boolean {
  return request.breakGlass !== undefined || settings.policy().rules.some((rule) => rule.per !== undefined);
}

/** Asker and approvers, as they are known today. */
async function peopleOf(parts: Parts, operation: Operation): Promise<readonly Person[]> {
  const { request, votes } = operation;
  const names = new Set([request.person, ...votes.map(({ person }) => person)]);
  const people = parts.settings.people().filter(({ name }) => names.has(name));
  const now = await Promise.all(people.map((person) => withRolesForWrite(parts, person, operation)));
  return now.flatMap((one) => (one.ok ? [one.value] : []));
}

/**
 * Judges the operation by today's people and policy: the asker's roles, the rule, and that enough people who may approve now did.
 *
 * @returns the share that may be removed.
 */
export async function judgeAgain(
  parts: Parts,
  operation: Operation,
  known: {
    readonly recent: readonly Operation[];
    readonly undone: Operation | undefined;
    readonly lbDown: boolean;
    readonly suspended: readonly Suspension[];
    readonly approvalsLeast?: number;
    /** Beside the writes of other operations: only where the rule lets go of the pace. */
    readonly isBeside?: boolean;
  },
): Promise<Result<number>> {
  const { settings, clock } = parts;
  const { request, plan, id } = operation;
  const { recent, undone, lbDown, suspended, approvalsLeast, isBeside = false } = known;
  const people = await peopleOf(parts, operation);
  const person = people.find(({ name }) => name === request.person);
  if (person === undefined) return fail({ kind: 'role-missing', person: request.person, need: ['any'] });
  const suspension = suspensionFault(suspended, request.person);
  if (suspension !== undefined) return fail(suspension);
  // Ages are measured to when it was asked: an undo that waited for its turn does not lose its rule.
  const judged = authorize(settings, {
    command: request.command,
    plan: isBeside && !('scales' in plan) ? { ...plan, pace: PACE_NONE } : plan,
    person,
    now: Math.min(clock.now(), operation.createdAt),
    recent,
    id,
    undone,
    lbDown,
    breakGlass: request.breakGlass,
    ...(approvalsLeast === undefined ? {} : { approvalsLeast }),
  });
  if (!judged.ok) return judged;
  const rule = judged.value;
  const counted = new Set(
    operation.votes
      .filter(
        (vote) =>
          vote.verdict === 'approve' &&
          vote.person !== request.person &&
          vote.at <= operation.expiresAt &&
          !suspended.some((one) => one.person === vote.person) &&
          (rule.networks < 2 || vote.transport !== request.transport) &&
          (rule.console || vote.transport !== 'console'),
      )
      .filter((vote) =>
        people.some(
          ({ name, roles }) => name === vote.person && roles.some((role) => rule.approve.includes(role)),
        ),
      )
      .map((vote) => vote.person),
  );
  if (counted.size < rule.approvals)
    return fail({ kind: 'approvals-missing', id, have: counted.size, need: rule.approvals });
  return ok(rule.maxShareRemoved);
}
