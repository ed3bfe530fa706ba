import { existsSync } from 'node:fs';
import type { DeploymentSettings } from '../core/scale/facts.ts';
import type { Reading } from './file-or-env.ts';
import { readText } from './file-or-env.ts';
import { pathIn } from './resolve.ts';
import type { FileContent } from './schema.ts';
import type { Secret } from './secret.ts';
import { makeSecret } from './secret.ts';

/** Clusters, and the deployments in them that people may scale. */
export interface KubernetesConfig {
  readonly clusters: Readonly<Record<string, ClusterConfig>>;
  readonly deployments: readonly DeploymentSettings[];
  /** Where helmfile declares the numbers, by the name of the deployment; the path is absolute. */
  readonly helmfiles: ReadonlyMap<string, { readonly path: string; readonly key: string }>;
}

/** How a cluster is reached. */
interface ClusterConfig {
  /** A kubeconfig file, or its content; neither: the service account of the pod that Sluice runs in. */
  readonly kubeconfigFile: string | undefined;
  readonly kubeconfig: Secret | undefined;
  readonly context: string | undefined;
  readonly allowExec: boolean;
}

/** What pods may take, when the configuration does not say: as long as helmfile waits. */
const DEADLINE_MS = 10 * 60_000;

/** Reads what `sluice.yaml` says of Kubernetes; undefined when it says nothing. */
export function resolveKubernetes(
  reading: Reading,
  { kubernetes }: FileContent,
): KubernetesConfig | undefined {
  if (kubernetes === undefined) return undefined;
  const helmfiles = new Map<string, { path: string; key: string }>();
  const deployments = Object.entries(kubernetes.deployments).map(([name, one]): DeploymentSettings => {
    const at = `kubernetes.deployments.${name}`;
    if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name))
      reading.problems.push({ path: at, text: 'must be a name like kartotherian: people type it' });
    if (one.min > one.max)
      reading.problems.push({
        path: `${at}.min`,
        text: `${String(one.min)} is more than max ${String(one.max)}`,
      });
    if (one.helmfile !== undefined)
      helmfiles.set(name, { path: pathIn(reading, one.helmfile.file), key: one.helmfile.key });
    const { namespace, deployment, min, max, service, helmfile, rpsPerPod, deadline } = one;
    return {
      name,
      namespace,
      deployment,
      min,
      max,
      service,
      helmfile,
      rpsPerPod,
      deadlineMs: deadline ?? DEADLINE_MS,
    };
  });
  const clusters = Object.entries(kubernetes.clusters).map(
    ([name, one]) => [name, resolveCluster(reading, name, one)] as const,
  );
  if (clusters.length === 0)
    reading.problems.push({ path: 'kubernetes.clusters', text: 'is empty: name at least one cluster' });
  return { clusters: Object.fromEntries(clusters), deployments, helmfiles };
}

function resolveCluster(
  reading: Reading,
  name: string,
  cluster: NonNullable<FileContent['kubernetes']>['clusters'][string],
): ClusterConfig {
  const at = `kubernetes.clusters.${name}`;
  const { context, allowExec, inCluster } = cluster;
  const given = [cluster.kubeconfigFile, cluster.kubeconfigEnv].filter((one) => one !== undefined).length;
  if (given + (inCluster ? 1 : 0) !== 1)
    reading.problems.push({
      path: at,
      text: 'give kubeconfigFile, kubeconfigEnv or inCluster: true, one of them',
    });
  const forReading = cluster.readKubeconfigFile !== undefined || cluster.readKubeconfigEnv !== undefined;
  const [key, holder]: readonly [
    string,
    { readonly file?: string | undefined; readonly env?: string | undefined },
  ] =
    reading.role === 'gateway' && forReading
      ? ['readKubeconfig', { file: cluster.readKubeconfigFile, env: cluster.readKubeconfigEnv }]
      : ['kubeconfig', { file: cluster.kubeconfigFile, env: cluster.kubeconfigEnv }];
  const kubeconfigFile = holder.file === undefined ? undefined : pathIn(reading, holder.file);
  if (kubeconfigFile !== undefined) {
    if (existsSync(kubeconfigFile)) reading.files.push({ path: kubeconfigFile, kind: 'secret' });
    else reading.problems.push({ path: `${at}.${key}File`, text: `${kubeconfigFile} is not there` });
  }
  const text =
    holder.env === undefined
      ? undefined
      : readText(reading, { [`${key}Env`]: holder.env }, { at, name: key, kind: 'secret' });
  return {
    kubeconfigFile,
    kubeconfig: text === undefined ? undefined : makeSecret(text),
    context,
    allowExec,
  };
}
