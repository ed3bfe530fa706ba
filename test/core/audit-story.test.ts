import { expect, test } from '@jest/globals';
import type { AuditFact } from '../../src/core/audit-story.ts';
import { retell } from '../../src/core/audit-story.ts';
import { operation } from './build.ts';

const { id, request, plan, planHash, rule } = operation();
const ASKED: AuditFact = {
  op: id,
  event: 'awaiting-approval',
  person: request.person,
  data: { request, plan, planHash, rule },
  at: 1,
};

function approve(data: object): AuditFact {
  const vote = { planHash, eventKey: 'irc:7', transport: 'irc' };
  return { op: id, event: 'approve', person: 'jijiki', data: { ...vote, ...data }, at: 2 };
}

function told(
  ...facts: readonly AuditFact[]
): { readonly state: string; readonly votes: number } | undefined {
  const [one] = retell([ASKED, ...facts]).operations;
  return one && { state: one.state, votes: one.votes.length };
}

test.each([
  ['counted', [approve({ outcome: 'counted', missing: 0 })], { state: 'queued', votes: 1 }],
  ['cast', [approve({ outcome: 'cast', missing: 0 })], { state: 'queued', votes: 1 }],
  ['not counted', [approve({ outcome: 'suspended' })], { state: 'awaiting-approval', votes: 0 }],
  [
    'cast and then not counted',
    [approve({ outcome: 'cast', missing: 0 }), approve({ outcome: 'unknown', was: 'cast' })],
    { state: 'awaiting-approval', votes: 0 },
  ],
  [
    'counted and then heard again',
    [approve({ outcome: 'counted', missing: 0 }), approve({ outcome: 'already' })],
    { state: 'queued', votes: 1 },
  ],
])('an approval that was %s', (_how, facts, expected) => {
  expect(told(...facts)).toEqual(expected);
});
