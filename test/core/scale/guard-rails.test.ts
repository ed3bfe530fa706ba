import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { numberAt } from '../../../src/core/scale/declared.ts';
import type { DeploymentNow, DeploymentSettings } from '../../../src/core/scale/facts.ts';
import type { WantedNumber } from '../../../src/core/scale/guard-rails.ts';
import { approvalsWanted, guardNumber, podsForPeak } from '../../../src/core/scale/guard-rails.ts';

const settings: DeploymentSettings = {
  name: 'kartotherian',
  namespace: 'kartotherian',
  deployment: 'kartotherian-main',
  min: 2,
  max: 100,
  service: 'kartotherian-k8s-ssl',
  helmfile: undefined,
  rpsPerPod: 7.5,
  deadlineMs: 600_000,
};

function now(wanted: number, changes: Partial<DeploymentNow> = {}): DeploymentNow {
  return {
    key: { cluster: 'eqiad', namespace: 'kartotherian', deployment: 'kartotherian-main' },
    seen: {
      uid: 'u',
      resourceVersion: '1',
      wanted,
      generation: 1,
      observedGeneration: 1,
      replicas: wanted,
      updated: wanted,
      ready: wanted,
      available: wanted,
      replicaFailure: undefined,
      scaledBy: undefined,
      perPod: {},
      selector: 'app=kartotherian',
    },
    autoscalers: [],
    quotas: [],
    load: undefined,
    ...changes,
  };
}

function to(after: number, changes: Partial<WantedNumber> = {}): WantedNumber {
  return { after, now: now(65), settings, ...changes };
}

describe('guardNumber', () => {
  test('more pods within the bounds are let through', () => {
    expect(guardNumber(to(100), [])).toBeUndefined();
  });

  test.each([1, 101, 0])('%i is outside the bounds, and nothing overrides that', (after) => {
    expect(guardNumber(to(after), ['floor', 'lock', 'probe', 'budget'])).toMatchObject({
      kind: 'scale-range',
      min: 2,
      max: 100,
    });
  });

  test('an autoscaler owns the number, and nothing overrides that', () => {
    const autoscalers = [{ name: 'hpa', min: 60, max: 70 }];
    expect(guardNumber(to(66, { now: now(65, { autoscalers }) }), ['floor'])).toMatchObject({
      kind: 'scale-autoscaled',
      autoscaler: 'hpa',
    });
  });

  test('a cut to what the peak wants, and one below it', () => {
    const measured = now(65, { load: { rps: 240, peakRps: 330 } });
    // 330 x 1.25 / 7.5 = 55.
    expect(guardNumber(to(55, { now: measured }), [])).toBeUndefined();
    expect(guardNumber(to(54, { now: measured }), [])).toMatchObject({
      kind: 'scale-below-peak',
      needs: 55,
      least: 55,
    });
    expect(guardNumber(to(54, { now: measured }), ['floor'])).toBeUndefined();
    expect(guardNumber(to(54, { now: measured }), ['lock', 'probe', 'budget'])).toBeDefined();
  });

  test('a large cut that the peak would allow', () => {
    const idle = now(65, { load: { rps: 1, peakRps: 1 } });
    expect(guardNumber(to(52, { now: idle }), [])).toBeUndefined();
    expect(guardNumber(to(51, { now: idle }), [])).toMatchObject({ kind: 'scale-cut', least: 52 });
  });

  test('without metrics, or without the strength of a pod, a large cut wants two people instead', () => {
    expect(guardNumber(to(20), [])).toBeUndefined();
    expect(approvalsWanted([to(20)])).toBe(2);
    expect(approvalsWanted([to(52)])).toBe(0);
    const load = { rps: 1, peakRps: 1 };
    const weak = { ...settings, rpsPerPod: undefined };
    expect(approvalsWanted([to(20, { now: now(65, { load }), settings: weak })])).toBe(2);
    expect(approvalsWanted([to(20, { now: now(65, { load }) })])).toBe(0);
  });

  test('whatever is let through without an override leaves enough for the peak, or is no large cut', () => {
    const number = fc.integer({ min: 0, max: 120 });
    fc.assert(
      fc.property(number, number, fc.double({ min: 0, max: 900, noNaN: true }), (wanted, after, peakRps) => {
        const one = to(after, { now: now(wanted, { load: { rps: 0, peakRps } }) });
        if (guardNumber(one, []) !== undefined || after >= wanted) return;
        expect(after).toBeGreaterThanOrEqual(podsForPeak(one) ?? Infinity);
        expect(wanted - after).toBeLessThanOrEqual(0.2 * wanted + 1e-9);
        expect(after).toBeGreaterThanOrEqual(settings.min);
      }),
    );
  });

  test('the number that a refusal names would not be refused', () => {
    const number = fc.integer({ min: 2, max: 100 });
    fc.assert(
      fc.property(number, number, fc.double({ min: 0, max: 600, noNaN: true }), (wanted, after, peakRps) => {
        const measured = now(wanted, { load: { rps: 0, peakRps } });
        const fault = guardNumber(to(after, { now: measured }), []);
        if (fault?.kind !== 'scale-cut' && fault?.kind !== 'scale-below-peak') return;
        if (fault.least >= wanted) return;
        expect(guardNumber(to(fault.least, { now: measured }), [])).toBeUndefined();
      }),
    );
  });
});

describe('numberAt', () => {
  const values = { resources: { replicas: 65, cpu: '5' }, 'a.b': 3 };

  test.each<[string, number | undefined]>([
    ['resources.replicas', 65],
    ['resources.cpu', undefined],
    ['resources', undefined],
    ['resources.replicas.more', undefined],
    ['constructor.length', undefined],
    ['none', undefined],
  ])('%s', (path, number) => {
    expect(numberAt(values, path)).toBe(number);
  });

  test.each([undefined, null, 'text', { n: 1.5 }, { n: -1 }])('%j has no number', (content) => {
    expect(numberAt(content, 'n')).toBeUndefined();
  });
});
