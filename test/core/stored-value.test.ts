import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NodeState } from '../../src/core/node.ts';
import { mergeStoredValue, parseStoredNode } from '../../src/core/stored-value.ts';

const KEY = { dc: 'eqiad', cluster: 'maps', service: 'kartotherian', host: 'maps1005.eqiad.wmnet' };

describe('reading a stored node', () => {
  test.each<[string, NodeState]>([
    ['{"weight": 10, "pooled": "yes"}', { weight: 10, pooled: 'yes' }],
    ['{"pooled":"inactive","weight":0}', { weight: 0, pooled: 'inactive' }],
    ['{"note": {"weight": 3}, "pooled": "no", "weight": 70000}', { weight: 70000, pooled: 'no' }],
    ['{"pooled": "yes"}', { weight: 0, pooled: 'yes' }],
    ['{"weight": 7}', { weight: 7, pooled: 'inactive' }],
    ['{"weight": 1, "pooled": "yes", "weight": 2}', { weight: 2, pooled: 'yes' }],
    ['{"weight": -0, "pooled": "no"}', { weight: 0, pooled: 'no' }],
  ])('%s is read', (text, state) => {
    expect(parseStoredNode(KEY, text, 310)).toEqual({ key: KEY, text, modifiedIndex: 310, state });
  });

  test.each([
    ['', 'it is no JSON: no value at character 0'],
    ['yes', 'it is no JSON: no value at character 0'],
    ['{"weight": 10, "pooled": "yes"', "it is no JSON: no '}' at character 30"],
    ['[{"weight": 10}]', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['{}', 'it is empty, which conftool takes for an object that is not there'],
    ['{"weight": 10, "pooled": "maybe"}', 'pooled is not yes, no or inactive'],
    ['{"weight": 10, "pooled": "Yes"}', 'pooled is not yes, no or inactive'],
    ['{"weight": 10, "pooled": true}', 'pooled is not yes, no or inactive'],
    ['{"weight": 10, "pooled": null}', 'pooled is not yes, no or inactive'],
    ['{"weight": "5", "pooled": "yes"}', 'the weight is not a whole number'],
    ['{"weight": 5.0, "pooled": "yes"}', 'the weight is not a whole number'],
    ['{"weight": 1e1, "pooled": "yes"}', 'the weight is not a whole number'],
    ['{"weight": true, "pooled": "yes"}', 'the weight is not a whole number'],
    ['{"weight": null, "pooled": "yes"}', 'the weight is not a whole number'],
    ['{"weight": NaN, "pooled": "yes"}', 'the weight is not a whole number'],
    ['{"weight": -3, "pooled": "yes"}', 'the weight is out of range'],
    ['{"weight": 9007199254740993, "pooled": "yes"}', 'the weight is out of range'],
  ])('%s is malformed', (text, why) => {
    expect(parseStoredNode(KEY, text, 310)).toEqual({ key: KEY, text, modifiedIndex: 310, why });
  });
});

describe('merging into a stored value', () => {
  test.each<[string, Partial<NodeState>, string]>([
    ['{"weight": 10, "pooled": "yes"}', { pooled: 'no' }, '{"weight": 10, "pooled": "no"}'],
    ['{"note":"x","pooled":"yes","weight":3}', { weight: 7 }, '{"note": "x", "pooled": "yes", "weight": 7}'],
    ['{"pooled": "yes"}', { pooled: 'no' }, '{"pooled": "no", "weight": 0}'],
    ['{"2":1,"1":2}', {}, '{"2": 1, "1": 2, "weight": 0, "pooled": "inactive"}'],
    ['{"weight": 1, "pooled": "no", "weight": 2}', { pooled: 'yes' }, '{"weight": 2, "pooled": "yes"}'],
    [
      '{"by": "José 😀", "pooled": "no", "weight": 1}',
      { pooled: 'yes' },
      '{"by": "Jos\\u00e9 \\ud83d\\ude00", "pooled": "yes", "weight": 1}',
    ],
    [
      '{"id": 123456789012345678901234567890, "ratio": 1e16, "pooled": "no", "weight": 1}',
      { weight: 2 },
      '{"id": 123456789012345678901234567890, "ratio": 1e+16, "pooled": "no", "weight": 2}',
    ],
  ])('%s set %j gives %s', (text, set, merged) => {
    expect(mergeStoredValue(text, set)).toBe(merged);
  });

  test('what is set is read back, and nothing else has changed', () => {
    const state = fc.record({
      pooled: fc.constantFrom('yes' as const, 'no' as const, 'inactive' as const),
      weight: fc.nat(),
    });
    const others = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(state, state, others, (before, after, unknown) => {
        const text = JSON.stringify({ ...unknown, ...before });
        const merged = mergeStoredValue(text, after);
        expect(parseStoredNode(KEY, merged, 1)).toMatchObject({ state: after });
        expect(JSON.parse(mergeStoredValue(merged, before))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('a text that is no object is not merged', () => {
    expect(() => mergeStoredValue('[]', { pooled: 'no' })).toThrow('it is no JSON object');
  });

  test.each([Number.NaN, 2.5, -1, Infinity])('the weight %p is never written', (weight) => {
    expect(() => mergeStoredValue('{}', { weight })).toThrow('a weight that is no whole number');
  });
});
