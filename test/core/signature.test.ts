import { describe, expect, test } from '@jest/globals';
import type { NodeOperation, Vote } from '../../src/core/operation.ts';
import { canonicalJson } from '../../src/core/canonical.ts';
import { findForgery, hashPlan, signVote } from '../../src/core/signature.ts';
import { KEY, operation, plan } from './build.ts';

function vote(changes: Partial<Vote> = {}): Vote {
  const unsigned = {
    person: 'jijiki',
    verdict: 'approve' as const,
    planHash: hashPlan(plan()),
    eventKey: 'irc:2',
    transport: 'irc',
    at: 2000,
  };
  return { ...unsigned, signature: signVote(KEY, { id: 'k7f', vote: unsigned }), ...changes };
}

describe('findForgery', () => {
  test('believes what was signed, also after a round through JSON', () => {
    const stored = JSON.parse(JSON.stringify(operation({ votes: [vote()] }))) as NodeOperation;
    expect(findForgery(KEY, stored)).toBeUndefined();
  });

  const [change] = plan().changes;
  test.each<[string, Partial<NodeOperation>, RegExp]>([
    ['a plan for another host', { plan: plan('maps1006'), planHash: hashPlan(plan()) }, /plan/],
    [
      'another index',
      {
        plan: { ...plan(), changes: change === undefined ? [] : [{ ...change, beforeIndex: 7 }] },
        planHash: hashPlan(plan()),
      },
      /plan/,
    ],
    [
      'another asker',
      { request: { ...operation().request, person: 'jijiki' }, signature: operation().signature },
      /request/,
    ],
    ['another id', { id: 'm3k', signature: operation().signature }, /request/],
    ['a vote under another name', { votes: [vote({ person: 'akosiaris' })] }, /akosiaris/],
    ['a vote with another time', { votes: [vote({ at: 1 })] }, /jijiki/],
    ['a made-up signature', { votes: [vote({ signature: 'f'.repeat(64) })] }, /jijiki/],
  ])('sees %s', (_what, changes, words) => {
    expect(findForgery(KEY, operation(changes))).toMatch(words);
  });

  test('a vote for another plan does not count, though it is signed', () => {
    const other = {
      person: 'jijiki',
      verdict: 'approve' as const,
      planHash: hashPlan(plan('maps1009')),
      eventKey: 'irc:2',
      transport: 'irc',
      at: 2000,
    };
    const signed = { ...other, signature: signVote(KEY, { id: 'k7f', vote: other }) };
    expect(findForgery(KEY, operation({ votes: [signed] }))).toMatch(/jijiki/);
  });

  test('another key believes nothing', () => {
    expect(findForgery('another key', operation())).toMatch(/signature/);
  });
});

test('canonical JSON does not depend on the order of fields, nor on undefined ones', () => {
  expect(canonicalJson({ b: [1, undefined, { d: 1, c: 'é' }], a: undefined })).toBe(
    canonicalJson({ b: [1, null, { c: 'é', d: 1 }] }),
  );
});
