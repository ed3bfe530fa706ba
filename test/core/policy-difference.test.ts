import { expect, test } from '@jest/globals';
import type { Policy } from '../../src/core/policy.ts';
import { parsePolicy } from '../../src/core/policy.ts';
import { policyDifference } from '../../src/core/policy-difference.ts';

const one = { commands: ['depool'], maxHosts: 1, per: '30m', ask: ['sre'] };
const two = { commands: ['undo'], within: '1h', ask: ['sre'] };
const three = { commands: ['pool', 'depool'], ask: ['sre'], approve: ['sre'], approvals: 1 };

function policy(value: unknown): Policy {
  const parsed = parsePolicy(value);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault));
  return parsed.value;
}

function difference(before: unknown, after: unknown): readonly string[] {
  return policyDifference(policy(before), policy(after));
}

test('the same rules differ in nothing, in either form of the file', () => {
  expect(difference([one, two], { rules: [one, two] })).toEqual([]);
});

test('a changed rule is named with its keys, before and after', () => {
  expect(
    difference([one, two, three], [one, two, { ...three, approvals: 2, states: ['production'] }]),
  ).toEqual(['rule 3: approvals 1 -> 2, states any -> [production]']);
});

test('an added rule does not change those that follow it', () => {
  expect(difference([one, three], [one, two, three])).toEqual([
    'rule 2 added: commands [undo], within 1h, ask [sre], approvals 0, expires 15m, networks 1, breakGlass false, maxShareRemoved 25, pace false, console false',
  ]);
});

test('a removed rule is named by its old place', () => {
  expect(difference([one, two, three], [one, three])[0]).toMatch(
    /^rule 2 removed: commands \[undo\], within 1h/,
  );
});

test('rules that change places are a difference, for the first that fits decides', () => {
  expect(difference([one, two], [two, one])).toHaveLength(2);
});

test('a changed limit is named', () => {
  expect(difference([one], { rules: [one], limits: { everybody: { objects: 20, per: '5m' } } })).toEqual([
    'limits.everybody.objects: 40 -> 20',
    'limits.everybody.per: 10m -> 5m',
  ]);
});
