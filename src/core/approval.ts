import type { RuleApplied } from './authorization.ts';
import type { Operation } from './operation.ts';
import type { Person } from './people.ts';

/** Approvals that count: by others than the asker, each person once. */
export function approvers(operation: Pick<Operation, 'votes' | 'request'>): readonly string[] {
  const people = operation.votes
    .filter(({ verdict, person }) => verdict === 'approve' && person !== operation.request.person)
    .map(({ person }) => person);
  return [...new Set(people)];
}

/** How many approvals are still missing; 0 when it may be queued. */
export function missingApprovals(operation: Operation): number {
  return Math.max(0, operation.rule.approvals - approvers(operation).length);
}

/** Whether this person's approval could count: the role of the rule, and not the asker. */
export function mayApprove(rule: RuleApplied, asker: string, person: Person): boolean {
  return person.name !== asker && person.roles.some((role) => rule.approve.includes(role));
}

/**
 * Up to three people who may approve and were seen lately, to be named in a request.
 *
 * @param voted people who have approved already.
 */
export function eligibleApprovers(
  rule: RuleApplied,
  asker: string,
  voted: readonly string[],
  seen: readonly Person[],
): readonly string[] {
  const names = seen.filter((person) => mayApprove(rule, asker, person) && !voted.includes(person.name));
  return [...new Set(names.map(({ name }) => name))].slice(0, 3);
}

/** When the one reminder is due: at half of the time to wait. */
export function nudgeAt(operation: Operation): number {
  return operation.createdAt + (operation.expiresAt - operation.createdAt) / 2;
}
