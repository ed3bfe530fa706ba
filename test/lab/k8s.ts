import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** The clusters of the lab, and how their nodes are called. */
const CLUSTERS = {
  eqiad: 'wikikube-worker1%03d.eqiad.wmnet',
  codfw: 'wikikube-worker2%03d.codfw.wmnet',
} as const;

/** A cluster of the lab. */
export type ClusterName = keyof typeof CLUSTERS;

/** One request that the API server saw, as its own audit log has it. */
interface AuditEntry {
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  readonly resource: string;
  readonly name: string;
  readonly code: number;
}

/** Real control planes on loopback: kube-apiserver and controllers; nodes and pods are played. */
export interface LabK8s {
  /** The credentials of one user on one cluster: `sluice`, `sluice-kubectl`, `nobody`, `admin`, `stranger`. */
  kubeconfig(user: string, cluster: ClusterName): string;
  /** The real kubectl, of the same version as the servers. Never throws: the code tells. */
  kubectl(
    user: string,
    cluster: ClusterName,
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Lets pods of the namespace do as a test wants: `outcome`, `maxReady`, `readyAfter`; `{}` is normal again. */
  steer(cluster: ClusterName, namespace: string, how: Readonly<Record<string, string>>): Promise<void>;
  /** One kubeconfig for all users and clusters, with contexts `USER@CLUSTER`. */
  readonly merged: string;
  /** What the API server saw so far, without the lab's own parts. */
  audit(cluster: ClusterName): readonly AuditEntry[];
  readonly process: LabProcess;
}

const FOLDER = fileURLToPath(new URL('k8s', import.meta.url));
const run = promisify(execFile);
/** Three clusters were up in eleven seconds on a busy machine. */
const READY_WITHIN_MS = 90_000;
const NODES = 8;

/**
 * The folder with the lab's two programs, built when these sources were not built before: about six minutes on two cores the first time.
 *
 * @throws with what the compiler says.
 */
async function buildK8s(runDir: RunDir): Promise<string> {
  const name = 'k8s-build';
  const args = ['nice', 'sh', join(FOLDER, 'build.sh')];
  const build = startProcess(runDir, { name, command: 'setsid', args });
  const code = await build.exited;
  const said = readFileSync(join(runDir.path, `${name}.log`), 'utf8').trim();
  if (code !== 0) throw new Error(`the Kubernetes of the lab was not built:\n${said.slice(-10_000)}`);
  return said.split('\n').at(-1) ?? '';
}

/** Starts the clusters; resolves when every deployment of the manifests is rolled out. @throws when it does not come up in time. */
export async function startK8s(
  runDir: RunDir,
  options: { readonly clusters?: readonly ClusterName[]; readonly flags?: readonly string[] } = {},
): Promise<LabK8s> {
  const programs = await buildK8s(runDir);
  const { clusters = ['eqiad', 'codfw'], flags = [] } = options;
  const folder = runDir.folder('k8s');
  // Sluice's own rights are those that its documentation tells to give.
  const manifests = ['manifests/common', '../../../docs/kubernetes', 'manifests/production'].map((path) =>
    relative(folder, join(FOLDER, path)),
  );
  const described = [];
  for (const name of clusters)
    described.push({
      name,
      port: await freePort(),
      nodes: NODES,
      nodeFormat: CLUSTERS[name],
      manifests,
      certUsers: ['stranger'],
      flags,
    });
  const config = join(folder, 'lab.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ clusters: described }));
  const state = join(folder, 'state');
  const lab = startProcess(runDir, {
    name: 'k8s',
    command: join(programs, 'kubelab'),
    args: ['--config', config, '--dir', state],
  });
  let ended: number | string | undefined;
  void lab.exited.then((how) => {
    ended = how;
  });
  await waitUntil(
    'the clusters are ready',
    () => {
      if (ended === undefined) return existsSync(join(state, 'ready'));
      throw new Error(`it ended (${String(ended)}):\n${readFileSync(join(runDir.path, 'k8s.log'), 'utf8')}`);
    },
    READY_WITHIN_MS,
  );
  const kubeconfig = (user: string, cluster: ClusterName): string => join(state, `${user}-${cluster}.config`);
  const kubectl: LabK8s['kubectl'] = async (user, cluster, ...args) => {
    try {
      const given = ['--kubeconfig', kubeconfig(user, cluster), ...args];
      const { stdout, stderr } = await run(join(programs, 'kubectl'), given);
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    }
  };
  return {
    kubeconfig,
    merged: join(state, 'kubeconfig'),
    kubectl,
    steer: async (cluster, namespace, how) => {
      const inNamespace = ['-n', namespace];
      await kubectl('admin', cluster, ...inNamespace, 'delete', 'configmap', 'kubelab', '--ignore-not-found');
      const literals = Object.entries(how).map(([key, value]) => `--from-literal=${key}=${value}`);
      if (literals.length === 0) return;
      const made = await kubectl(
        'admin',
        cluster,
        ...inNamespace,
        'create',
        'configmap',
        'kubelab',
        ...literals,
      );
      if (made.code !== 0) throw new Error(made.err);
    },
    audit: (cluster) =>
      readFileSync(join(state, cluster, 'audit.log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map(readEntry),
    process: lab,
  };
}

function readEntry(line: string): AuditEntry {
  const { verb, user, userAgent, objectRef, responseStatus } = JSON.parse(line) as {
    readonly verb: string;
    readonly user: { readonly username: string };
    readonly userAgent?: string;
    readonly objectRef?: {
      readonly resource?: string;
      readonly subresource?: string;
      readonly name?: string;
    };
    readonly responseStatus?: { readonly code?: number };
  };
  const { resource = '', subresource, name = '' } = objectRef ?? {};
  return {
    verb,
    user: user.username,
    userAgent: userAgent ?? '',
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    name,
    code: responseStatus?.code ?? 0,
  };
}
