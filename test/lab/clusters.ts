import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterName, LabK8s } from './k8s.ts';
import { startK8s } from './k8s.ts';
import type { RunDir } from './process.ts';

/** The clusters of a lab, which come when they are built: Sluice runs long before. */
export interface LabClusters {
  /** What Sluice must be told of them. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Resolves when they have joined. */
  readonly joined: Promise<LabK8s>;
  stop(): Promise<void>;
}

const NAMES: readonly ClusterName[] = ['eqiad', 'codfw'];
/** Until there is a cluster, its address leads nowhere. */
const NOT_YET = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'later',
  clusters: [{ name: 'later', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'later', user: { token: 'later' } }],
  contexts: [{ name: 'later', context: { cluster: 'later', user: 'later' } }],
};

/**
 * Starts clusters beside everything else. Their credentials are put into `folder`, where Sluice's configuration looks for them; what helmfile would
 * declare lies there too.
 */
export function startClusters(runDir: RunDir, folder: string, deadline: string): LabClusters {
  for (const name of NAMES) put(folder, name, JSON.stringify(NOT_YET));
  writeFileSync(join(folder, 'values.yaml'), 'resources:\n  replicas: 65\n', { mode: 0o600 });
  const joined = startK8s(runDir, { clusters: NAMES }).then((k8s) => {
    for (const name of NAMES) {
      copyFileSync(k8s.kubeconfig('sluice', name), join(folder, `kube-${name}.new`));
      renameSync(join(folder, `kube-${name}.new`), join(folder, `kube-${name}.yaml`));
    }
    return k8s;
  });
  // Whoever waits for it hears of a failure; nobody has to wait.
  joined.catch(() => undefined);
  const namespace = 'kartotherian';
  return {
    joined,
    sections: {
      kubernetes: {
        clusters: Object.fromEntries(NAMES.map((name) => [name, { kubeconfigFile: `kube-${name}.yaml` }])),
        deployments: {
          kartotherian: {
            namespace,
            deployment: 'kartotherian-main',
            min: 2,
            max: 100,
            service: 'kartotherian-k8s-ssl',
            helmfile: { file: 'values.yaml', key: 'resources.replicas' },
            rpsPerPod: 7.5,
            deadline,
          },
          'tegola-vector-tiles': {
            namespace: 'tegola-vector-tiles',
            deployment: 'tegola-vector-tiles-main',
            min: 1,
            max: 20,
            deadline,
          },
        },
      },
    },
    stop: async () => {
      const k8s = await Promise.race([joined.catch(() => undefined), Promise.resolve(undefined)]);
      await k8s?.process.stop();
    },
  };
}

function put(folder: string, name: ClusterName, text: string): void {
  writeFileSync(join(folder, `kube-${name}.yaml`), text, { mode: 0o600 });
}
