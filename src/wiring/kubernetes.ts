import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { openKubernetes } from '../adapters/kubernetes/kubernetes.ts';
import { BOUNDS } from '../config/bounds.ts';
import type { KubernetesConfig } from '../config/resolve-kubernetes.ts';
import { numberAt } from '../core/scale/declared.ts';
import type { Kubernetes } from '../ports/kubernetes.ts';

/** The clusters of the configuration. Nothing is connected before something is asked. */
export function openClusters({ clusters }: KubernetesConfig): Kubernetes {
  const options = Object.entries(clusters).map(([name, { kubeconfig, ...cluster }]) => [
    name,
    { ...cluster, kubeconfig: kubeconfig?.reveal() },
  ]);
  return openKubernetes({
    // The entries are those of the configuration.
    clusters: Object.fromEntries(options) as Parameters<typeof openKubernetes>[0]['clusters'],
    requestMs: BOUNDS.clusterMs,
    betweenWatchesMs: BOUNDS.clusterRetryMs,
  });
}

/** Reads what helmfile's file declares for a deployment; undefined without a file, or when it does not say. */
export function declaredReplicas(
  config: KubernetesConfig | undefined,
): (name: string) => Promise<number | undefined> {
  return async (name) => {
    const helmfile = config?.helmfiles.get(name);
    if (helmfile === undefined) return undefined;
    try {
      return numberAt(parse(await readFile(helmfile.path, 'utf8')), helmfile.key);
    } catch {
      return undefined;
    }
  };
}
