import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { followDeployment } from '../../../src/adapters/kubernetes/follow.ts';
import { openKubernetes } from '../../../src/adapters/kubernetes/kubernetes.ts';
import { readDeployment } from '../../../src/adapters/kubernetes/read.ts';
import type { ClusterOptions } from '../../../src/adapters/kubernetes/options.ts';
import { ok } from '../../../src/core/result.ts';
import type { DeploymentSeen } from '../../../src/core/scale/deployment.ts';
import type { Kubernetes } from '../../../src/ports/kubernetes.ts';
import type { LabK8s } from '../../lab/k8s.ts';
import { startK8s } from '../../lab/k8s.ts';
import type { RunDir } from '../../lab/process.ts';
import { freePort, makeRunDir, waitUntil } from '../../lab/process.ts';

const KEY = { cluster: 'eqiad', namespace: 'kartotherian', deployment: 'kartotherian-main' };

interface Kubeconfig {
  clusters: { cluster: Record<string, string> }[];
  users: { user: Record<string, unknown> }[];
}

let runDir: RunDir;
let lab: LabK8s;
let opened: Kubernetes | undefined;

beforeAll(async () => {
  runDir = makeRunDir();
  lab = await startK8s(runDir, { clusters: ['eqiad'] });
}, 1_500_000);
afterAll(async () => {
  await lab.process.stop();
  runDir.remove();
});
afterEach(() => {
  opened?.close();
});

function open(options: Partial<ClusterOptions> & { readonly requestMs?: number } = {}): Kubernetes {
  const { requestMs = 5000, ...cluster } = options;
  opened = openKubernetes({
    clusters: {
      eqiad: {
        kubeconfigFile: lab.kubeconfig('sluice', 'eqiad'),
        context: undefined,
        allowExec: false,
        ...cluster,
      },
    },
    requestMs,
    betweenWatchesMs: 50,
  });
  return opened;
}

/** The file of the lab's `sluice`, changed. */
function changed(change: (config: Kubeconfig) => void): string {
  const config = parse(readFileSync(lab.kubeconfig('sluice', 'eqiad'), 'utf8')) as Kubeconfig;
  change(config);
  const path = join(runDir.path, `changed-${String(Math.random())}.config`);
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}

function tokenOf(): string {
  const config = parse(readFileSync(lab.kubeconfig('sluice', 'eqiad'), 'utf8')) as Kubeconfig;
  return String(config.users[0]?.user['token']);
}

describe('who we are', () => {
  test('a token that is wrong is not believed', async () => {
    const kubeconfigFile = changed(({ users }) => {
      if (users[0] !== undefined) users[0].user = { token: 'wrong' };
    });
    expect(await open({ kubeconfigFile }).deployment(KEY)).toEqual({
      ok: false,
      fault: { kind: 'cluster-unauthorized', cluster: 'eqiad' },
    });
  });

  test('a file that was replaced is read again', async () => {
    const kubeconfigFile = changed(({ users }) => {
      if (users[0] !== undefined) users[0].user = { token: 'wrong' };
    });
    const kubernetes = open({ kubeconfigFile });
    expect((await kubernetes.deployment(KEY)).ok).toBe(false);
    writeFileSync(kubeconfigFile, readFileSync(lab.kubeconfig('sluice', 'eqiad')));
    expect((await kubernetes.deployment(KEY)).ok).toBe(true);
  });

  test('a token may stand in a file of its own', async () => {
    const tokenFile = join(runDir.path, 'token');
    writeFileSync(tokenFile, tokenOf());
    const kubeconfigFile = changed(({ users }) => {
      if (users[0] !== undefined) users[0].user = { tokenFile };
    });
    expect((await open({ kubeconfigFile }).deployment(KEY)).ok).toBe(true);
  });

  test('a program for credentials is run only where that is permitted', async () => {
    const program = join(runDir.path, 'credentials.sh');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: tokenOf() },
    };
    writeFileSync(program, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(program, 0o700);
    const kubeconfigFile = changed(({ users }) => {
      if (users[0] !== undefined)
        users[0].user = {
          exec: { apiVersion: credential.apiVersion, command: program, interactiveMode: 'Never' },
        };
    });
    const refused = await open({ kubeconfigFile }).deployment(KEY);
    expect(refused.ok || (refused.fault.kind === 'cluster-silent' && refused.fault.cause)).toContain(
      'allowExec',
    );
    opened?.close();
    expect((await open({ kubeconfigFile, allowExec: true }).deployment(KEY)).ok).toBe(true);
  });

  test('a context of a larger file', async () => {
    expect((await open({ kubeconfigFile: lab.merged, context: 'sluice@eqiad' }).deployment(KEY)).ok).toBe(
      true,
    );
    opened?.close();
    const none = await open({ kubeconfigFile: lab.merged, context: 'sluice@esams' }).deployment(KEY);
    expect(none.ok || (none.fault.kind === 'cluster-silent' && none.fault.cause)).toContain(
      'no context sluice@esams',
    );
  });
});

describe('no answer', () => {
  test('from a server that nobody vouches for: nothing was sent', async () => {
    const seen = await open().scale(KEY);
    opened?.close();
    const kubeconfigFile = changed(({ clusters }) => {
      delete clusters[0]?.cluster['certificate-authority-data'];
    });
    const set = await open({ kubeconfigFile }).setScale(
      KEY,
      seen.ok ? seen.value : { uid: '', resourceVersion: '', replicas: 0 },
      1,
    );
    expect(set).toMatchObject({ fault: { kind: 'cluster-silent', cluster: 'eqiad' } });
  });

  test('where nobody listens: nothing was sent', async () => {
    const port = await freePort();
    const kubeconfigFile = changed(({ clusters }) => {
      if (clusters[0] !== undefined) clusters[0].cluster['server'] = `https://127.0.0.1:${String(port)}`;
    });
    const seen = { uid: 'u', resourceVersion: '1', replicas: 1 };
    expect(await open({ kubeconfigFile }).setScale(KEY, seen, 2)).toMatchObject({
      fault: { kind: 'cluster-silent' },
    });
  });

  test('to a write, from a server that hangs: nobody knows; when it goes on, a look tells', async () => {
    const kubernetes = open({ requestMs: 700 });
    const seen = await kubernetes.scale(KEY);
    if (!seen.ok) throw new Error('not seen');
    const hangs = async (): Promise<void> => {
      lab.process.freeze();
      // Its threads stop one after the other.
      const tasks = `/proc/${String(lab.process.pid)}/task`;
      await waitUntil('all of it is stopped', () =>
        readdirSync(tasks).every((task) => readFileSync(join(tasks, task, 'stat'), 'utf8').includes(') T ')),
      );
    };
    let following: ReturnType<Kubernetes['follow']> | undefined;
    try {
      await hangs();
      const set = await kubernetes.setScale(KEY, seen.value, 66);
      expect(set).toMatchObject({ ok: false, fault: { kind: 'cluster-unclear', cluster: 'eqiad' } });
      expect(await kubernetes.scale(KEY)).toMatchObject({ ok: false, fault: { kind: 'cluster-silent' } });
      following = kubernetes.follow(KEY, ({ wanted }) => wanted > 0, { withinMs: 20_000 });
    } finally {
      lab.process.signal('SIGCONT');
    }
    const after = await following;
    expect(after.ok && after.value?.wanted).toBeGreaterThan(0);
  });
});

describe('a watch', () => {
  const seen = (wanted: number): DeploymentSeen =>
    readDeployment({
      metadata: { uid: 'u', resourceVersion: String(wanted), generation: 1 },
      spec: { replicas: wanted, selector: {}, template: { spec: { containers: [] } } },
      status: {},
    });
  const raw = (type: string, wanted: number): object => ({
    type,
    object: {
      metadata: { uid: 'u', resourceVersion: String(wanted), generation: 1 },
      spec: { replicas: wanted, selector: {}, template: { spec: { containers: [] } } },
      status: {},
    },
  });
  /** Each watch gives these events and then ends, or breaks. */
  async function follows(watches: readonly (readonly object[])[], goal: number) {
    const from: string[] = [];
    let reads = 0;
    const result = await followDeployment(
      {
        read: () => Promise.resolve(ok(seen(++reads))),
        watch: (resourceVersion) => {
          from.push(resourceVersion);
          const events = watches[from.length - 1] ?? [];
          return Promise.resolve(
            ok(
              (async function* (): AsyncGenerator<unknown, void, undefined> {
                await Promise.resolve();
                for (const event of events) yield event;
                throw new Error('cut');
              })(),
            ),
          );
        },
        betweenMs: 1,
      },
      ({ wanted }) => wanted === goal,
      { withinMs: 2000 },
    );
    return { result, from };
  }

  test('goes on from what was read', async () => {
    const { result, from } = await follows([[raw('MODIFIED', 7), raw('MODIFIED', 8)]], 8);
    expect(result).toMatchObject({ ok: true, value: { wanted: 8 } });
    expect(from).toEqual(['1']);
  });

  test('whose version is forgotten, that is cut, or whose object is gone, begins anew by reading', async () => {
    const forgotten = { type: 'ERROR', object: { code: 410 } };
    const { result, from } = await follows([[forgotten], [], [raw('DELETED', 3)], [raw('MODIFIED', 9)]], 9);
    expect(result).toMatchObject({ ok: true, value: { wanted: 9 } });
    expect(from).toEqual(['1', '2', '3', '4']);
  });

  test('ends when the time is up, with what was seen last', async () => {
    const result = await open().follow(KEY, () => false, { withinMs: 300 });
    expect(result.ok && result.value?.wanted).toBeGreaterThan(0);
  });
});
