import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { approvers, eligibleApprovers, missingApprovals, nudgeAt } from '../../src/core/approval.ts';
import { byHandLines } from '../../src/core/by-hand.ts';
import { OPEN_STATES, OPERATION_TRANSITIONS, isFinal, predecessorsOf } from '../../src/core/operation.ts';
import type { OperationState } from '../../src/core/operation.ts';
import { operationId, tooAlike } from '../../src/core/operation-id.ts';
import { key, operation, state } from './build.ts';

const STATES = Object.keys(OPERATION_TRANSITIONS) as OperationState[];

test('the open states are just those from which something may follow, but for the first', () => {
  expect(STATES.filter((one) => !isFinal(one) && one !== 'received').sort()).toEqual([...OPEN_STATES].sort());
});

test('predecessors are the transitions read backwards', () => {
  for (const to of STATES) {
    for (const from of STATES) {
      expect(predecessorsOf(to).includes(from)).toBe(OPERATION_TRANSITIONS[from].includes(to));
    }
  }
});

test('an id begins with a letter and has none of 0 o 1 l i', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 39 }), (seed, attempt) => {
      expect(operationId(seed, attempt)).toMatch(
        /^[abcdefghjkmnpqrstuvwxyz][abcdefghjkmnpqrstuvwxyz2-9]{2,4}$/,
      );
    }),
  );
});

test.each([
  ['k7f', 'k7g', true],
  ['k7f', 'k8g', false],
  ['k7f', 'k7f2', false],
  ['k7f', 'k7f', true],
])('%s and %s are too alike: %s', (a, b, alike) => {
  expect(tooAlike(a, b)).toBe(alike);
});

test('approvals count once a person, and never the asker', () => {
  const vote = (person: string): ReturnType<typeof operation>['votes'][number] => ({
    person,
    verdict: 'approve',
    planHash: '',
    eventKey: '',
    transport: 'irc',
    at: 0,
    signature: '',
  });
  const voted = operation({ votes: [vote('jijiki'), vote('jijiki'), vote('elukey')] });
  expect(approvers(voted)).toEqual(['jijiki']);
  expect(missingApprovals({ ...voted, rule: { ...voted.rule, approvals: 2 } })).toBe(1);
});

test('up to three people who may approve are named, without the asker and those who did', () => {
  const people = ['elukey', 'jijiki', 'a', 'b', 'c', 'd'].map((name) => ({ name, roles: ['sre'] }));
  const { rule } = operation();
  expect(
    eligibleApprovers(rule, 'elukey', ['jijiki'], [...people, { name: 'guest', roles: ['guest'] }]),
  ).toEqual(['a', 'b', 'c']);
});

test('the reminder comes at half of the time', () => {
  expect(nudgeAt(operation({ createdAt: 1000, expiresAt: 901_000 }))).toBe(451_000);
});

test('the line to type by hand names one object and sets just what changes', () => {
  expect(
    byHandLines([
      { key: key('maps1005.eqiad.wmnet', 'kartotherian-k8s-ssl'), from: state('yes/10'), to: state('no/10') },
    ]),
  ).toEqual([
    "sudo confctl tags 'dc=eqiad,cluster=maps,service=kartotherian-k8s-ssl' --action set/pooled=no maps1005.eqiad.wmnet",
  ]);
});

test('a key that could mean something to a shell gets no line', () => {
  expect(byHandLines([{ key: key("x'; reboot"), from: state('yes/10'), to: state('no/10') }])).toEqual([]);
});
