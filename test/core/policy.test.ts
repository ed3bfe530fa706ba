import { describe, expect, test } from '@jest/globals';
import { parsePolicy } from '../../src/core/policy.ts';
import { problemLine } from '../../src/core/problem.ts';

const rule = { commands: ['depool'], ask: ['sre'] };

function linesOf(value: unknown): readonly string[] {
  const parsed = parsePolicy(value);
  return parsed.ok ? [] : parsed.fault.map(problemLine);
}

describe('parsePolicy', () => {
  test('reads a list, with the defaults of a rule and of the limits', () => {
    expect(parsePolicy([rule])).toEqual({
      ok: true,
      value: {
        rules: [
          {
            ...rule,
            approvals: 0,
            expires: 900_000,
            breakGlass: false,
            maxShareRemoved: 25,
            networks: 1,
            console: false,
            pace: false,
          },
        ],
        limits: {
          perPerson: { writes: 10, per: 600_000, waiting: 5 },
          everybody: { objects: 40, per: 600_000 },
        },
      },
    });
  });

  test('reads the mapping, where one limit may be given alone', () => {
    const parsed = parsePolicy({ rules: [rule], limits: { perPerson: { writes: 3 } } });
    expect(parsed).toMatchObject({
      ok: true,
      value: { limits: { perPerson: { writes: 3, per: 600_000, waiting: 5 }, everybody: { objects: 40 } } },
    });
  });

  test('reads every key of a rule', () => {
    const full = {
      commands: ['undo'],
      states: ['production'],
      services: ['kartotherian-ssl'],
      maxHosts: 2,
      per: '30m',
      within: '1h',
      when: 'lbDown',
      ask: ['sre'],
      approve: ['sre', 'admin'],
      approvals: 2,
      expires: '1h',
      networks: 2,
      breakGlass: true,
      maxShareRemoved: 50,
      pace: true,
    };
    expect(parsePolicy([full])).toMatchObject({
      ok: true,
      value: { rules: [{ ...full, per: 1_800_000, within: 3_600_000, expires: 3_600_000 }] },
    });
  });

  test.each([
    [
      'approvals that nobody may give',
      { ...rule, approvals: 1 },
      '#1.approve: is missing: approvals are wanted, so say whose: approve: [sre]',
    ],
    ['a rule without who may ask', { commands: ['pool'] }, '#1.ask: is missing: give a list'],
    ['an unknown key', { ...rule, maxHost: 1 }, '#1.maxHost: unknown key. Nearest: maxHosts'],
    ['an unknown command', { ...rule, commands: ['depol'] }, '#1.commands#1: unknown. Nearest: depool'],
    [
      'a brake, which needs no rule',
      { ...rule, commands: ['stop'] },
      '#1.commands#1: must be pool or depool or weight or decommission or scale or route or undo or repool or migrate or retry',
    ],
    [
      'a time in other words',
      { ...rule, expires: '15 minutes' },
      "#1.expires: '15 minutes' is no time like 30s, 15m, 2h or 3d",
    ],
    [
      'a window that counts nothing',
      { ...rule, per: '30m' },
      '#1.per: counts nothing without maxHosts: say maxHosts: 1',
    ],
    [
      'an age for what is no undo',
      { ...rule, within: '1h' },
      '#1.within: is the age of what an undo puts back: commands must be [undo]',
    ],
    ['a share over all', { ...rule, maxShareRemoved: 101 }, '#1.maxShareRemoved: must be at most 100'],
    ['a condition that is not known', { ...rule, when: 'lbUp' }, '#1.when: must be lbDown'],
  ])('refuses %s', (_what, value, line) => {
    expect(linesOf([value])).toContain(line);
  });

  test('refuses an unknown limit, and names the nearest', () => {
    expect(linesOf({ rules: [], limits: { perPersn: {} } })).toEqual([
      'limits.perPersn: unknown key. Nearest: perPerson',
    ]);
  });
});
