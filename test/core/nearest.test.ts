import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearest } from '../../src/core/nearest.ts';

const WORKERS = Array.from({ length: 200 }, (_, index) => `wikikube-worker${String(1001 + index)}`);
const MAPS = ['maps1005', 'maps1006', 'maps1007', 'maps1008', 'maps1009', 'maps1010'];
const SERVICES = ['kartotherian', 'kartotherian-k8s-ssl', 'kartotherian-ssl', 'kubesvc', 'thumbor', 'tegola'];
const COMMANDS = ['approve', 'cancel', 'deny', 'depool', 'freeze', 'help', 'pool', 'status', 'stop', 'undo'];

describe('nearest', () => {
  test('a zero that is missing in a host name names the two hosts that have it', () => {
    expect(nearest('wikikube-worker101', [...WORKERS].reverse())).toEqual([
      'wikikube-worker1001',
      'wikikube-worker1010',
    ]);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['maps10005', MAPS, ['maps1005']],
    ['maps1050', MAPS, ['maps1005', 'maps1010']],
    ['map1005', MAPS, ['maps1005']],
    ['kartotherain', SERVICES, ['kartotherian']],
    ['kartotherian-k8s', SERVICES, ['kartotherian-k8s-ssl']],
    ['k8s-ssl', SERVICES, ['kartotherian-k8s-ssl']],
    ['tumbor', SERVICES, ['thumbor']],
    ['poool', COMMANDS, ['pool']],
    ['depol', COMMANDS, ['depool']],
    ['aprove', COMMANDS, ['approve']],
    ['stauts', COMMANDS, ['status']],
    ['POOL', COMMANDS, ['pool']],
    ['zzz', COMMANDS, []],
    ['', COMMANDS, []],
  ])('near %s are the expected names', (word, candidates, near) => {
    expect(nearest(word, candidates)).toEqual(near);
  });

  test('a short name is near a full one, whose domain says nothing', () => {
    const full = ['maps1005.eqiad.wmnet', 'maps1006.eqiad.wmnet', 'cp1075.eqiad.wmnet'];
    expect(nearest('map1005', full)).toEqual(['maps1005.eqiad.wmnet']);
  });

  test('the wrong data centre is one slip', () => {
    const full = ['maps1005.eqiad.wmnet', 'maps2005.codfw.wmnet', 'cp1075.eqiad.wmnet'];
    expect(nearest('maps1005.codfw.wmnet', full)).toEqual(['maps1005.eqiad.wmnet', 'maps2005.codfw.wmnet']);
  });

  test('the order of the candidates changes nothing, and there are never more than asked for', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(WORKERS, { minLength: 50 }),
        fc.integer({ min: 1, max: 5 }),
        (some, most) => {
          const near = nearest('wikikube-worker1111', some, most);
          expect(near).toEqual(nearest('wikikube-worker1111', [...some].sort(), most));
          expect(near.length).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  test('a name is nearest to itself', () => {
    fc.assert(
      fc.property(fc.constantFrom(...WORKERS, ...SERVICES, ...COMMANDS), (name) => {
        expect(nearest(name, [...WORKERS, ...SERVICES, ...COMMANDS])).toEqual([name]);
      }),
    );
  });

  test('an absurdly long word is near nothing', () => {
    expect(nearest('a'.repeat(10_000), ['a'.repeat(9999)])).toEqual([]);
  });
});
