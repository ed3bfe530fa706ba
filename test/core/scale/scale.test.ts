import { describe, expect, test } from '@jest/globals';
import type { DeploymentSeen, PodSeen } from '../../../src/core/scale/deployment.ts';
import { headroomOf } from '../../../src/core/scale/headroom.ts';
import { parseQuantity } from '../../../src/core/scale/quantity.ts';
import { findObstacle, rolloutOf } from '../../../src/core/scale/rollout.ts';

describe('parseQuantity', () => {
  test.each([
    ['6200m', 6.2],
    ['550', 550],
    ['0.1', 0.1],
    ['.5', 0.5],
    ['300Gi', 300 * 2 ** 30],
    ['200M', 2e8],
    ['1e3', 1000],
    ['12E', 12e18],
    ['-1', -1],
  ])('%s', (text, value) => {
    expect(parseQuantity(text)).toBeCloseTo(value);
  });

  test.each(['', 'many', '5 Gi', '1Zi', '1.2.3', '--1'])('%j is none', (text) => {
    expect(parseQuantity(text)).toBeNaN();
  });
});

describe('headroomOf', () => {
  const perPod = { 'requests.cpu': 6.2, 'limits.cpu': 7, 'requests.memory': 3.3e9 };
  const quota = (hard: object, used: object) => ({ name: 'compute', hard: { ...hard }, used: { ...used } });

  test('what gives out first limits', () => {
    const quotas = [
      quota({ 'requests.cpu': 550, 'limits.cpu': 700 }, { 'requests.cpu': 403, 'limits.cpu': 455 }),
    ];
    expect(headroomOf(quotas, perPod)).toMatchObject({ pods: 23, resource: 'requests.cpu', perPod: 6.2 });
  });

  test('a quota that is used up, or more than that, lets nothing in', () => {
    const quotas = [quota({ 'requests.cpu': 10 }, { 'requests.cpu': 12 })];
    expect(headroomOf(quotas, perPod)).toMatchObject({ pods: 0, left: 0 });
  });

  test('a number of pods is a quota, too', () => {
    expect(headroomOf([quota({ pods: 70 }, { pods: 65 })], perPod)).toMatchObject({ pods: 5 });
  });

  test('the smallest of several quotas counts', () => {
    const quotas = [quota({ pods: 100 }, {}), quota({ 'requests.cpu': 62 }, {})];
    expect(headroomOf(quotas, perPod)).toMatchObject({ pods: 10 });
  });

  test('what limits nothing of these pods is no limit', () => {
    expect(headroomOf([quota({ 'requests.storage': 1 }, {})], perPod)).toBeUndefined();
    expect(headroomOf([], perPod)).toBeUndefined();
  });
});

const rolledOut: DeploymentSeen = {
  uid: 'u',
  resourceVersion: '1',
  wanted: 3,
  generation: 4,
  observedGeneration: 4,
  replicas: 3,
  updated: 3,
  ready: 3,
  available: 3,
  replicaFailure: undefined,
  scaledBy: undefined,
  perPod: { 'requests.cpu': 6.2 },
  selector: 'app=x',
};

describe('rolloutOf', () => {
  test.each<[string, Partial<DeploymentSeen>, string]>([
    ['all of it', {}, 'done'],
    ['a report of before the write', { observedGeneration: 3 }, 'waiting'],
    ['pods that are not available', { available: 2 }, 'waiting'],
    ['pods that are still to go', { replicas: 5 }, 'waiting'],
    ['pods of an older template', { updated: 2 }, 'waiting'],
    ['another number', { wanted: 4 }, 'overridden'],
    ['another number, not reported yet', { wanted: 2, observedGeneration: 3 }, 'overridden'],
  ])('%s', (_what, change, rollout) => {
    expect(rolloutOf({ ...rolledOut, ...change }, 3)).toBe(rollout);
  });

  test('nothing at all is done, too', () => {
    const none = { ...rolledOut, wanted: 0, replicas: 0, updated: 0, ready: 0, available: 0 };
    expect(rolloutOf(none, 0)).toBe('done');
  });
});

describe('findObstacle', () => {
  const pod = (name: string, more: Partial<PodSeen> = {}): PodSeen => ({
    name,
    ready: true,
    unschedulable: undefined,
    waiting: undefined,
    terminating: false,
    ...more,
  });
  const quotas = [{ name: 'compute', hard: { 'requests.cpu': 550 }, used: { 'requests.cpu': 545.6 } }];

  test.each<[string, Partial<DeploymentSeen>, readonly PodSeen[], object]>([
    [
      'a quota',
      { replicaFailure: 'pods "x" is forbidden: exceeded quota: compute' },
      [pod('a', { ready: false })],
      { kind: 'quota', quota: 'compute', resource: 'requests.cpu', needs: 6.2 },
    ],
    [
      'something else that refuses pods',
      { replicaFailure: 'admission webhook says no' },
      [],
      { kind: 'refused', message: 'admission webhook says no' },
    ],
    [
      'no room',
      {},
      [pod('a', { ready: false, unschedulable: '0/8 nodes are available' }), pod('b', { ready: false })],
      { kind: 'no-room', pods: 1, message: '0/8 nodes are available' },
    ],
    [
      'containers that do not start',
      {},
      [pod('a', { ready: false, waiting: 'ImagePullBackOff' })],
      { kind: 'not-starting', pods: 1, reason: 'ImagePullBackOff' },
    ],
    ['pods that are not ready', {}, [pod('a', { ready: false }), pod('b')], { kind: 'not-ready', pods: 1 }],
    [
      'pods that are to go',
      { replicas: 5 },
      [pod('a', { ready: false, terminating: true })],
      { kind: 'not-gone', pods: 2 },
    ],
    ['nothing that can be seen', {}, [pod('a')], { kind: 'unknown' }],
  ])('%s', (_what, change, pods, obstacle) => {
    expect(findObstacle({ ...rolledOut, ...change }, pods, quotas)).toMatchObject(obstacle);
  });
});
