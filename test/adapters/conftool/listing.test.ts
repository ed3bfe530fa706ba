import { describe, expect, test } from '@jest/globals';
import { readJson, readSuccess } from '../../../src/adapters/conftool/etcd-node.ts';
import type { Listing } from '../../../src/adapters/conftool/listing.ts';
import { listingOf, takeApart } from '../../../src/adapters/conftool/listing.ts';

interface Child {
  readonly key: string;
  readonly value?: string;
  readonly dir?: boolean;
  readonly nodes?: readonly Child[];
  readonly modifiedIndex: number;
}

const child = (host: string, value: string, modifiedIndex: number): Child => ({
  key: `/pools/${host}`,
  value,
  modifiedIndex,
});
const [A, B, C] = [
  child('a', '{"weight": 1}', 3),
  child('b', '{"weight": 2}', 4),
  child('c', '{"weight": 3}', 5),
];

function bodyOf(nodes: readonly Child[], modifiedIndex = 2): string {
  return `${JSON.stringify({ action: 'get', node: { key: '/pools', dir: true, nodes, modifiedIndex } })}\n`;
}

function whole(body: string): Listing {
  const read = readSuccess(readJson(body));
  if (read === undefined) throw new Error('no success');
  return listingOf(body, read);
}

const BEFORE = whole(bodyOf([A, B, C]));

/** What it is taken apart to, and that this is what reading it as a whole gives. */
function apart(nodes: readonly Child[]): Listing | undefined {
  const body = bodyOf(nodes);
  const found = takeApart(body, BEFORE);
  if (found !== undefined) expect(found).toEqual(whole(body));
  return found;
}

describe('an answer after another', () => {
  test('that is the same is not taken apart', () => {
    expect(takeApart(bodyOf([A, B, C]), BEFORE)).toBe(BEFORE);
  });

  test('with some objects changed has the others as they were', () => {
    const found = apart([A, child('b', '{"weight": 77}', 9), C]);
    expect(found?.node.nodes?.[1]).toMatchObject({ value: '{"weight": 77}', modifiedIndex: 9 });
    expect(found?.node.nodes?.[0]).toBe(BEFORE.node.nodes?.[0]);
    expect(found?.node.nodes?.[2]).toBe(BEFORE.node.nodes?.[2]);
  });

  test('with a text that looks like another object is read right', () => {
    expect(apart([A, child('b', '{"key":"x"},{"key":"y"', 9), C])?.node.nodes).toHaveLength(3);
  });

  test.each<[string, string]>([
    ['the last one changed', bodyOf([A, B, child('c', '{"weight": 9}', 9)])],
    ['one more', bodyOf([A, B, C, child('d', 'x', 9)])],
    ['one less', bodyOf([A, C])],
    ['another one in a place', bodyOf([A, child('bb', '{"weight": 2}', 9), C])],
    ['a directory among them', bodyOf([A, { key: '/pools/b', dir: true, nodes: [B], modifiedIndex: 9 }, C])],
    ['another head', bodyOf([A, B, C], 9)],
  ])('with %s is read as a whole', (_what, body) => {
    expect(takeApart(body, BEFORE)).toBeUndefined();
  });

  test('that is none is read as a whole', () => {
    expect(takeApart('', BEFORE)).toBeUndefined();
    expect(takeApart(bodyOf([A, B, C]).replace('"weight\\": 2', '"weight": 2'), BEFORE)).toBeUndefined();
  });
});
