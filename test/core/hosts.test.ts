import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expandHosts, foldHosts, HOSTS_MOST } from '../../src/core/hosts.ts';

function expanded(text: string): readonly string[] {
  const names = expandHosts(text);
  if (!names.ok) throw new Error(JSON.stringify(names.fault));
  return names.value;
}

describe('expandHosts', () => {
  test.each<[string, readonly string[]]>([
    ['maps1005', ['maps1005']],
    ['MAPS1005.eqiad.WMNET', ['maps1005.eqiad.wmnet']],
    ['maps1006,maps1005', ['maps1006', 'maps1005']],
    ['maps1005, maps1006', ['maps1005', 'maps1006']],
    ['maps[1005-1007,1009]', ['maps1005', 'maps1006', 'maps1007', 'maps1009']],
    ['maps[1005-1006].eqiad.wmnet', ['maps1005.eqiad.wmnet', 'maps1006.eqiad.wmnet']],
    ['maps[1005]', ['maps1005']],
    ['db[001-003]', ['db001', 'db002', 'db003']],
    ['db[08-11]', ['db08', 'db09', 'db10', 'db11']],
    ['db[8-11]', ['db8', 'db9', 'db10', 'db11']],
    ['db[0-1]', ['db0', 'db1']],
    ['r[1-2]n[1-2]', ['r1n1', 'r1n2', 'r2n1', 'r2n2']],
    ['a[1,2]b,c', ['a1b', 'a2b', 'c']],
    ['maps1005,maps[1005-1006]', ['maps1005', 'maps1006']],
    ['[1-2]host', ['1host', '2host']],
  ])('%s stands for %j', (text, names) => {
    expect(expanded(text)).toEqual(names);
  });

  test.each([
    ['', 'missing'],
    [',', 'missing'],
    ['maps1005,', 'missing'],
    ['maps1005,,maps1006', 'missing'],
    ['maps[1007-1005]', 'backwards'],
    ['maps[]', 'no range'],
    ['maps[1005-]', 'no range'],
    ['maps[-1005]', 'no range'],
    ['maps[a-b]', 'no range'],
    ['maps[1-2-3]', 'no range'],
    ['maps[1,,2]', 'no range'],
    ['maps[1005', 'without its ]'],
    ['maps1005]', 'without its ['],
    ['maps[1[2]]', 'inside a bracket'],
    ['maps[1-10/2]', 'steps are not supported'],
    ['maps[001-10]', 'zeros'],
    ['maps[1-010]', 'zeros'],
    ['maps[1-9999999999999999]', 'too long'],
    ['-maps', 'called so'],
    ['maps-', 'called so'],
    ['maps..eqiad', 'called so'],
    ['.maps', 'called so'],
    ['a'.repeat(64), 'called so'],
    [`${'a.'.repeat(130)}a`, 'called so'],
  ])('%j is refused, since: %s', (text, why) => {
    const names = expandHosts(text);
    expect(names).toMatchObject({ ok: false, fault: { kind: 'range-invalid' } });
    expect(JSON.stringify(names)).toContain(why);
  });

  test.each([
    ['m\u0430ps1005', 'U+0430'],
    ['maps1005\u200b', 'U+200B'],
    ['maps_1005', 'U+005F'],
    ['maps1005;reboot', 'U+003B'],
    ['maps*', 'U+002A'],
    ['\u212aube1001', 'U+212A'],
  ])('%j is refused for its character %s', (text, codePoint) => {
    expect(expandHosts(text)).toMatchObject({ ok: false, fault: { kind: 'character-refused', codePoint } });
  });

  test.each([
    ['x[1-99999999]', 99_999_999],
    ['x[1-1001]', 1001],
    ['x[1-100]y[1-100]', 10_000],
    ['x[1-600],y[1-600]', 1200],
  ])('%s is counted, not expanded', (text, count) => {
    expect(expandHosts(text)).toEqual({
      ok: false,
      fault: { kind: 'hosts-too-many', count, most: HOSTS_MOST },
    });
  });

  test('a product beyond counting is still refused with a number', () => {
    const result = expandHosts(`x${'[1-999999999999999]'.repeat(4)}`);
    expect(result).toMatchObject({ ok: false, fault: { count: Number.MAX_SAFE_INTEGER } });
  });

  test('exactly the most are allowed', () => {
    expect(expanded(`x[1-${String(HOSTS_MOST)}]`)).toHaveLength(HOSTS_MOST);
  });

  test('no text makes it throw or name more than the most', () => {
    const unit = fc.constantFrom('a', '1', '0', '-', '.', ',', '[', ']', '9', '/', 'é');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        const result = expandHosts(text);
        if (result.ok) expect(result.value.length).toBeLessThanOrEqual(HOSTS_MOST);
      }),
    );
  });
});

describe('foldHosts', () => {
  test.each<[readonly string[], string]>([
    [[], ''],
    [['maps1005.eqiad.wmnet'], 'maps1005.eqiad.wmnet'],
    [['tin.eqiad.wmnet'], 'tin.eqiad.wmnet'],
    [
      ['maps1010.eqiad.wmnet', 'maps1005.eqiad.wmnet', 'maps1006.eqiad.wmnet', 'maps1007.eqiad.wmnet'],
      'maps[1005-1007,1010].eqiad.wmnet',
    ],
    [['cp1075', 'cp1077', 'cp1079'], 'cp[1075,1077,1079]'],
    [['maps1005', 'maps1006'], 'maps[1005-1006]'],
    [['maps1005.eqiad.wmnet', 'maps2005.codfw.wmnet'], 'maps1005.eqiad.wmnet,maps2005.codfw.wmnet'],
    [['db08', 'db09', 'db10'], 'db[08-10]'],
    [['db8', 'db9', 'db10'], 'db[8-10]'],
    [['db099', 'db100', 'db1000'], 'db[099-100,1000]'],
    [['db1', 'db01'], 'db[1,01]'],
    [['mw-k8s-1001-a', 'mw-k8s-1002-a'], 'mw-k8s-[1001-1002]-a'],
    [['a1.row2.wmnet', 'a2.row2.wmnet', 'a1.row3.wmnet'], 'a[1-2].row2.wmnet,a1.row3.wmnet'],
    [['maps1005', 'maps1005'], 'maps1005'],
    [['db', 'db1', 'db2'], 'db,db[1-2]'],
  ])('%j folds to %s', (names, folded) => {
    expect(foldHosts(names)).toBe(folded);
  });

  test('what was folded expands to the same hosts', () => {
    const label = fc.stringMatching(/^[a-c][a-c0-2-]{0,4}[a-c0-9]{1,3}$/);
    const name = fc
      .tuple(label, fc.constantFrom('', '.eqiad.wmnet', '.row2.wmnet'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 60 }), (names) => {
        expect([...expanded(foldHosts(names))].sort()).toEqual([...new Set(names)].sort());
      }),
    );
  });

  test('folding what was expanded is the same list, whatever the padding', () => {
    const low = fc.integer({ min: 0, max: 1200 });
    fc.assert(
      fc.property(low, fc.integer({ min: 0, max: 60 }), fc.boolean(), (from, more, padded) => {
        const text = (number: number): string => String(number).padStart(padded ? 4 : 0, '0');
        const list = `db[${text(from)}-${text(from + more)}].eqiad.wmnet`;
        const again = expanded(foldHosts(expanded(list)));
        expect(again).toEqual(expanded(list));
      }),
    );
  });
});
