import { wordFault } from '../core/announcement/fault-words.ts';
import type { NodeKey } from '../core/node.ts';
import type { PlanNote } from '../core/node-plan.ts';
import type { Result } from '../core/result.ts';
import type { DeploymentSettings } from '../core/scale/facts.ts';
import type { ClusterNode } from '../core/cluster-node.ts';
import type { Kubernetes } from '../ports/kubernetes.ts';
import type { Parts } from './parts.ts';

/** More nodes than these are not asked about one by one. */
const MOST_NODES = 30;

/**
 * What the clusters say of hosts that are to be pooled: whether they are ready nodes, and how many ready pods stand behind the port. Their number sets the share of
 * traffic, pods set how much of it is answered. It is told and decides nothing: whether a host serves is asked of the host itself.
 *
 * @param keys objects that go to `yes`.
 */
export async function clusterNotes(parts: Parts, keys: readonly NodeKey[]): Promise<readonly PlanNote[]> {
  const { kubernetes, settings } = parts;
  if (kubernetes === undefined) return [];
  const notes = settings.deployments.flatMap((deployment) =>
    kubernetes.clusters.flatMap((cluster) => {
      const own = keys.filter(({ dc, service }) => dc === cluster && service === deployment.service);
      const port = settings.catalogue.entries.find(
        ({ conftool }) => conftool?.service === deployment.service,
      )?.port;
      if (own.length === 0 || port === undefined) return [];
      const hosts = [...new Set(own.map(({ host }) => host))];
      return [noteOf(kubernetes, { cluster, deployment, port, hosts })];
    }),
  );
  return Promise.all(notes);
}

interface Asked {
  readonly cluster: string;
  readonly deployment: DeploymentSettings;
  readonly port: number;
  readonly hosts: readonly string[];
}

async function noteOf(
  kubernetes: Kubernetes,
  { cluster, deployment, port, hosts }: Asked,
): Promise<PlanNote> {
  const looked = hosts.slice(0, MOST_NODES);
  const [behind, nodes] = await Promise.all([
    kubernetes.behindPort(cluster, deployment.namespace, port),
    Promise.all(looked.map(async (host) => ({ host, node: await kubernetes.node(cluster, host) }))),
  ]);
  const failed = nodes.find(({ node }) => !node.ok)?.node;
  const fault = !behind.ok ? behind.fault : failed?.ok === false ? failed.fault : undefined;
  const bad = nodes.flatMap(({ host, node }) => {
    const why = whyBad(node);
    return why === undefined ? [] : [{ host, why }];
  });
  const unseen = hosts.slice(MOST_NODES).map((host) => ({ host, why: 'not looked at' as const }));
  return {
    kind: 'cluster-nodes',
    cluster,
    deployment: deployment.name,
    port,
    good: nodes.flatMap(({ host, node }) => (node.ok && whyBad(node) === undefined ? [host] : [])),
    bad: [...bad, ...unseen],
    readyPods: behind.ok ? behind.value?.readyPods : undefined,
    cause: fault === undefined ? undefined : wordFault(fault).text,
  };
}

function whyBad(node: Result<ClusterNode | undefined>): 'not ready' | 'cordoned' | 'no node' | undefined {
  if (!node.ok) return undefined;
  if (node.value === undefined) return 'no node';
  if (!node.value.ready) return 'not ready';
  return node.value.schedulable ? undefined : 'cordoned';
}
