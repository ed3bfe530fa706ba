import { describe, expect, test } from '@jest/globals';
import { copyNodes, nodeOf, placeOf, placesOf, sharePlaces, withNode } from '../../src/core/host-places.ts';
import { node } from './build.ts';

const NODES = [
  node('maps1005.eqiad.wmnet', 'yes/10'),
  node('maps1006.eqiad.wmnet', 'no/10'),
  node('maps1007.eqiad.wmnet', 'yes/5'),
];

describe('where hosts stand', () => {
  test('in full and short; nowhere when there is none', () => {
    expect(placesOf(NODES, 'maps1006')).toEqual([1]);
    expect(placesOf(NODES, 'maps1006.eqiad.wmnet')).toEqual([1]);
    expect(placesOf(NODES, 'maps100')).toEqual([]);
    expect(placesOf(NODES, 'toString')).toEqual([]);
    expect(placeOf(NODES, 'maps1006')).toBeUndefined();
    expect(placeOf(NODES, 'maps1007.eqiad.wmnet')).toBe(2);
    expect(nodeOf(NODES, 'maps1008.eqiad.wmnet')).toBeUndefined();
  });

  test('a short name may mean several', () => {
    const [one] = NODES;
    if (one === undefined) throw new Error('none');
    const other = { ...one, key: { ...one.key, host: 'maps1005.codfw.wmnet' } };
    expect(placesOf([...NODES, other], 'maps1005')).toEqual([0, 3]);
  });

  test('a changed list has its own values in the same places', () => {
    const changed = withNode(NODES, 1, node('maps1006.eqiad.wmnet', 'yes/1', 101));
    expect(nodeOf(changed, 'maps1006.eqiad.wmnet')?.state.weight).toBe(1);
    expect(nodeOf(NODES, 'maps1006.eqiad.wmnet')?.state.weight).toBe(10);
    const copy = copyNodes(NODES);
    copy[0] = node('maps1005.eqiad.wmnet', 'no/1');
    expect(nodeOf(copy, 'maps1005.eqiad.wmnet')?.state.pooled).toBe('no');
    const again = [...NODES];
    sharePlaces(NODES, again);
    expect(placeOf(again, 'maps1005.eqiad.wmnet')).toBe(0);
  });
});
