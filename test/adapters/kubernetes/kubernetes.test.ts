import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openKubernetes } from '../../../src/adapters/kubernetes/kubernetes.ts';
import type { DeploymentKey, DeploymentSeen, ScaleSeen } from '../../../src/core/scale/deployment.ts';
import { headroomOf } from '../../../src/core/scale/headroom.ts';
import type { Obstacle } from '../../../src/core/scale/rollout.ts';
import { findObstacle, rolloutOf } from '../../../src/core/scale/rollout.ts';
import type { Result } from '../../../src/core/result.ts';
import type { Kubernetes } from '../../../src/ports/kubernetes.ts';
import type { LabK8s } from '../../lab/k8s.ts';
import { startK8s } from '../../lab/k8s.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';

const KEY: DeploymentKey = { cluster: 'eqiad', namespace: 'kartotherian', deployment: 'kartotherian-main' };
const IN_NAMESPACE = ['-n', 'kartotherian'];
/** What production has, and what the lab is put back to. */
const NORMAL = 65;

let runDir: RunDir;
let lab: LabK8s;
let kubernetes: Kubernetes;
let begun: number;

beforeAll(async () => {
  runDir = makeRunDir();
  lab = await startK8s(runDir, { clusters: ['eqiad'] });
  kubernetes = as('sluice');
  begun = lab.audit('eqiad').length;
  // The first build takes about six minutes on two cores.
}, 1_500_000);
afterAll(async () => {
  kubernetes.close();
  await lab.process.stop();
  runDir.remove();
});

function as(user: string, more: { readonly context?: string } = {}): Kubernetes {
  return openKubernetes({
    clusters: {
      eqiad: { kubeconfigFile: lab.kubeconfig(user, 'eqiad'), context: more.context, allowExec: false },
    },
    requestMs: 10_000,
    betweenWatchesMs: 100,
  });
}

/** The real kubectl does something with the deployment. */
function byKubectl(user: string, verb: string, ...args: readonly string[]): ReturnType<LabK8s['kubectl']> {
  return lab.kubectl(user, 'eqiad', ...IN_NAMESPACE, verb, 'deployment', KEY.deployment, ...args);
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

async function scaleTo(replicas: number, by = kubernetes): Promise<ScaleSeen> {
  for (;;) {
    const seen = valueOf(await by.scale(KEY));
    // After a write that changes nothing the server does not know any more whose the number is.
    if (seen.replicas === replicas) return seen;
    const set = await by.setScale(KEY, seen, replicas);
    // Status reports move the version.
    if (set.ok || set.fault.kind !== 'cluster-conflict') return valueOf(set);
  }
}

async function settles(want: number, withinMs = 20_000): Promise<DeploymentSeen> {
  const seen = valueOf(await kubernetes.follow(KEY, (now) => rolloutOf(now, want) === 'done', { withinMs }));
  if (seen === undefined) throw new Error('nothing was seen');
  return seen;
}

afterEach(async () => {
  await lab.steer('eqiad', 'kartotherian', {});
  await lab.kubectl('admin', 'eqiad', ...IN_NAMESPACE, 'delete', 'hpa', '--all');
  await scaleTo(NORMAL);
  await settles(NORMAL);
}, 40_000);

describe('what is seen', () => {
  test('is what kubectl sees', async () => {
    const seen = valueOf(await kubernetes.deployment(KEY));
    const { out } = await byKubectl('sluice', 'get', '-o', 'json');
    const told = JSON.parse(out) as {
      metadata: { uid: string };
      spec: { replicas: number };
      status: { readyReplicas: number; availableReplicas: number };
    };
    expect(seen).toMatchObject({
      uid: told.metadata.uid,
      wanted: told.spec.replicas,
      ready: told.status.readyReplicas,
      available: told.status.availableReplicas,
      selector: 'app=kartotherian,release=main',
      replicaFailure: undefined,
    });
    expect(seen.perPod['requests.cpu']).toBeCloseTo(6.2);
  });

  test('who set the number last is named', async () => {
    expect(valueOf(await kubernetes.deployment(KEY)).scaledBy?.manager).toBeDefined();
    await scaleTo(66);
    expect(valueOf(await kubernetes.deployment(KEY)).scaledBy).toMatchObject({ manager: 'sluice' });
    await byKubectl('admin', 'scale', '--replicas=67');
    expect(valueOf(await kubernetes.deployment(KEY)).scaledBy?.manager).toContain('kubectl');
  });

  test('the quota says how many more pods there is room for', async () => {
    const [quotas, seen] = [valueOf(await kubernetes.quotas(KEY)), valueOf(await kubernetes.deployment(KEY))];
    // Pods on their way out still count.
    const pods = Math.round((quotas[0]?.used['requests.cpu'] ?? 0) / 6.2);
    expect(headroomOf(quotas, seen.perPod)).toMatchObject({
      pods: 88 - pods,
      quota: 'quota-compute-resources',
      resource: 'requests.cpu',
    });
  });
});

describe('a write', () => {
  test('sets the number, and kubectl sees it', async () => {
    const set = await scaleTo(67);
    expect(set.replicas).toBe(67);
    await settles(67);
    const { out } = await byKubectl('sluice', 'get', '-o', 'jsonpath={.status.readyReplicas}');
    expect(out).toBe('67');
  });

  test('of what was seen before is a conflict, and kubectl says the same', async () => {
    const seen = valueOf(await kubernetes.scale(KEY));
    await byKubectl('admin', 'scale', '--replicas=66');
    expect(await kubernetes.setScale(KEY, seen, 70)).toMatchObject({
      ok: false,
      fault: { kind: 'cluster-conflict', cluster: 'eqiad' },
    });
    const kubectl = await byKubectl('sluice-kubectl', 'scale', '--current-replicas=65', '--replicas=70');
    expect(kubectl.code).toBe(1);
    expect(kubectl.err).toContain('Expected replicas to be 65, was 66');
    expect(valueOf(await kubernetes.scale(KEY)).replicas).toBe(66);
  });

  test('to another deployment of the same name is a conflict', async () => {
    const seen = valueOf(await kubernetes.scale(KEY));
    const other = { ...seen, uid: '00000000-0000-0000-0000-000000000000' };
    expect(await kubernetes.setScale(KEY, other, 70)).toMatchObject({ fault: { kind: 'cluster-conflict' } });
    expect(valueOf(await kubernetes.scale(KEY)).replicas).toBe(NORMAL);
  });

  test('without the right is refused, for kubectl too, and nothing is quoted', async () => {
    const nobody = as('nobody');
    const seen = valueOf(await kubernetes.scale(KEY));
    expect(await nobody.setScale(KEY, seen, 70)).toEqual({
      ok: false,
      fault: { kind: 'cluster-forbidden', cluster: 'eqiad', what: 'patch the scale of kartotherian-main' },
    });
    nobody.close();
    const kubectl = await byKubectl('nobody', 'scale', '--replicas=70');
    expect(kubectl.code).toBe(1);
    expect(kubectl.err).toContain('forbidden');
  });

  test('to a wrong name is absent, or forbidden where names are rights', async () => {
    const wrong = { ...KEY, deployment: 'kartotherian' };
    expect(await kubernetes.deployment(wrong)).toMatchObject({ fault: { kind: 'cluster-forbidden' } });
    const admin = as('admin');
    expect(await admin.deployment(wrong)).toEqual({
      ok: false,
      fault: { kind: 'cluster-absent', cluster: 'eqiad', what: 'deployment kartotherian' },
    });
    admin.close();
  });

  test('by a client certificate is made as that user', async () => {
    const admin = as('admin');
    expect((await scaleTo(66, admin)).replicas).toBe(66);
    admin.close();
  });
});

describe('a rollout', () => {
  test('is not done at the first report, which is of before', async () => {
    const told: DeploymentSeen[] = [];
    await scaleTo(68);
    valueOf(
      await kubernetes.follow(
        KEY,
        (seen) => {
          told.push(seen);
          return rolloutOf(seen, 68) === 'done';
        },
        { withinMs: 20_000 },
      ),
    );
    expect(told.at(-1)).toMatchObject({ available: 68, wanted: 68 });
  });

  /** What stands in the way, once it is what a test waits for. */
  async function obstacleOf(kind: Obstacle['kind'], pods: number): Promise<Obstacle> {
    let found: Obstacle | undefined;
    await waitUntil(
      `the obstacle is ${kind}`,
      async () => {
        const seen = valueOf(await kubernetes.deployment(KEY));
        const all = valueOf(await kubernetes.pods(KEY, seen.selector));
        found = findObstacle(seen, all, valueOf(await kubernetes.quotas(KEY)));
        return found.kind === kind && (!('pods' in found) || found.pods === pods);
      },
      25_000,
    );
    if (found === undefined) throw new Error('found and gone');
    return found;
  }

  test('that the quota stops has room for 88, and says what is missing', async () => {
    await scaleTo(95);
    const seen = valueOf(await kubernetes.follow(KEY, ({ ready }) => ready >= 88, { withinMs: 25_000 }));
    // The quota is counted anew from time to time, and may let one pod too many in meanwhile.
    expect([88, 89]).toContain(seen?.ready);
    expect(seen?.wanted).toBe(95);
    expect(seen === undefined ? undefined : rolloutOf(seen, 95)).toBe('waiting');
    const obstacle = await obstacleOf('quota', 0);
    expect(obstacle).toMatchObject({ kind: 'quota', resource: 'requests.cpu' });
    expect(obstacle.kind === 'quota' && obstacle.needs).toBeCloseTo(6.2);
    expect([4.4, 0]).toContain(obstacle.kind === 'quota' ? Number(obstacle.left.toFixed(3)) : undefined);
  });

  test('whose pods do not start says why', async () => {
    await lab.steer('eqiad', 'kartotherian', { outcome: 'CrashLoopBackOff' });
    await scaleTo(67);
    expect(await obstacleOf('not-starting', 2)).toEqual({
      kind: 'not-starting',
      pods: 2,
      reason: 'CrashLoopBackOff',
    });
  });

  test('whose pods never get ready says how many', async () => {
    await lab.steer('eqiad', 'kartotherian', { outcome: 'NeverReady' });
    await scaleTo(68);
    expect(await obstacleOf('not-ready', 3)).toEqual({ kind: 'not-ready', pods: 3 });
  });

  test('that somebody else overrides is no success', async () => {
    await scaleTo(66);
    await byKubectl('admin', 'scale', '--replicas=64');
    expect(rolloutOf(valueOf(await kubernetes.deployment(KEY)), 66)).toBe('overridden');
  });

  test('under an autoscaler: it is seen, with its bounds', async () => {
    expect(valueOf(await kubernetes.autoscalers(KEY))).toEqual([]);
    const made = await byKubectl('admin', 'autoscale', '--min=60', '--max=70', '--cpu-percent=80');
    expect(made.code).toBe(0);
    expect(valueOf(await kubernetes.autoscalers(KEY))).toEqual([
      { name: 'kartotherian-main', min: 60, max: 70 },
    ]);
  });
});

describe('rights', () => {
  test('Sluice has exactly those that it uses, and nobody has none', async () => {
    expect(valueOf(await kubernetes.access(KEY)).every(({ allowed }) => allowed)).toBe(true);
    const nobody = as('nobody');
    expect(valueOf(await nobody.access(KEY)).some(({ allowed }) => allowed)).toBe(false);
    nobody.close();
  });

  test('the audit log of the server shows nothing else', () => {
    const ours = lab
      .audit('eqiad')
      .slice(begun)
      .filter(({ user }) => user === 'system:serviceaccount:sluice:sluice');
    const kinds = new Set(
      ours
        .filter(({ userAgent }) => userAgent === 'sluice')
        .map(({ verb, resource }) => `${verb} ${resource}`),
    );
    expect([...kinds].sort()).toEqual([
      'create selfsubjectaccessreviews',
      'get deployments',
      'get deployments/scale',
      'list horizontalpodautoscalers',
      'list pods',
      'list resourcequotas',
      'patch deployments/scale',
      'watch deployments',
    ]);
  });
});
