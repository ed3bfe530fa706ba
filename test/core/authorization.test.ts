import { describe, expect, test } from '@jest/globals';
import type { JudgedRequest } from '../../src/core/authorization.ts';
import { judge } from '../../src/core/authorization.ts';
import type { Policy } from '../../src/core/policy.ts';
import { parsePolicy } from '../../src/core/policy.ts';

function policy(...rules: readonly object[]): Policy {
  const parsed = parsePolicy(rules);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault));
  return parsed.value;
}

const request: JudgedRequest = {
  command: 'depool',
  service: 'kartotherian-ssl',
  state: 'production',
  hosts: 1,
  recentObjects: () => 0,
  person: 'elukey',
  personRoles: ['sre'],
  networks: 1,
  lbDown: false,
};

const lbDown = { commands: ['depool'], when: 'lbDown', ask: ['sre'] };
const single = { commands: ['depool'], maxHosts: 1, per: '30m', ask: ['sre'] };
const undo = { commands: ['undo'], within: '1h', ask: ['sre'] };
const production = {
  commands: ['pool', 'depool', 'undo'],
  states: ['production'],
  ask: ['sre'],
  approve: ['sre'],
  approvals: 1,
  maxShareRemoved: 50,
};
const setup = { commands: ['pool', 'depool'], states: ['lvs_setup'], ask: ['sre'] };
const usual = policy(lbDown, single, undo, production, setup);

function ruleFor(wanted: Partial<JudgedRequest>, rules = usual): number | string {
  const judged = judge(rules, { ...request, ...wanted });
  return judged.ok ? judged.value.number : judged.fault.kind;
}

describe('judge', () => {
  test('one host alone needs no approval', () => {
    expect(judge(usual, request)).toEqual({
      ok: true,
      value: {
        number: 2,
        approvals: 0,
        approve: [],
        expiresMs: 900_000,
        maxShareRemoved: 25,
        networks: 1,
        console: false,
      },
    });
  });

  test('more hosts need what the next rule asks for', () => {
    expect(judge(usual, { ...request, hosts: 2 })).toEqual({
      ok: true,
      value: {
        number: 4,
        approvals: 1,
        approve: ['sre'],
        expiresMs: 900_000,
        maxShareRemoved: 50,
        networks: 1,
        console: false,
      },
    });
  });

  test('what the person did inside the window counts', () => {
    const windows: number[] = [];
    const recentObjects = (perMs: number): number => {
      windows.push(perMs);
      return 1;
    };
    expect(ruleFor({ recentObjects })).toBe(4);
    expect(windows).toEqual([1_800_000]);
  });

  test('a short way back is for what was done within the hour, to the millisecond', () => {
    expect(ruleFor({ command: 'undo', undoAgeMs: 3_600_000 })).toBe(3);
    expect(ruleFor({ command: 'undo', undoAgeMs: 3_600_001 })).toBe(4);
  });

  test("taking away what another person's operation added is no short way back", () => {
    expect(ruleFor({ command: 'undo', undoAgeMs: 1000, othersCapacity: true })).toBe(4);
  });

  test('a service in another state has its own rule', () => {
    expect(ruleFor({ command: 'pool', state: 'lvs_setup' })).toBe(5);
  });

  test('the rule for hosts that are down fits only when every load balancer says so', () => {
    expect(ruleFor({ hosts: 5, lbDown: true })).toBe(1);
    expect(ruleFor({ hosts: 5, lbDown: false })).toBe(4);
  });

  test('a rule for one service fits no other', () => {
    const rules = policy({ commands: ['depool'], services: ['kubesvc'], ask: ['sre'] });
    expect(ruleFor({ service: 'kubesvc' }, rules)).toBe(1);
    expect(ruleFor({ service: 'kubesvc2' }, rules)).toBe('no-rule');
  });

  test('no fit is refused with what was looked for', () => {
    expect(judge(usual, { ...request, command: 'weight', hosts: 3 })).toEqual({
      ok: false,
      fault: {
        kind: 'no-rule',
        command: 'weight',
        service: 'kartotherian-ssl',
        state: 'production',
        hosts: 3,
      },
    });
  });

  test('a later rule does not give what the first that fits refuses', () => {
    const rules = policy({ ...single, ask: ['admin', 'lead'] }, { commands: ['depool'], ask: ['sre'] });
    expect(judge(rules, request)).toEqual({
      ok: false,
      fault: { kind: 'role-missing', person: 'elukey', need: ['admin', 'lead'] },
    });
  });

  test('a rule that wants two networks refuses while there is only one', () => {
    const rules = policy({ ...single, approvals: 1, approve: ['sre'], networks: 2 });
    expect(judge(rules, { ...request, networks: 1 })).toEqual({
      ok: false,
      fault: { kind: 'networks-missing', need: 2, have: 1 },
    });
    expect(ruleFor({ networks: 2 }, rules)).toBe(1);
  });
});
