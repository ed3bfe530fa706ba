import { wordFault } from '../../core/announcement/fault-words.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { DeploymentKey, DeploymentSeen, ScaleSeen } from '../../core/scale/deployment.ts';
import { readThrown } from '../../core/thrown.ts';
import type { AccessSeen, Kubernetes } from '../../ports/kubernetes.ts';
import type { Asked } from './client.ts';
import { ClusterClient } from './client.ts';
import { followDeployment } from './follow.ts';
import type { KubernetesOptions } from './options.ts';
import { readNode, readReadyEndpoints, readServiceOfPort } from './read-nodes.ts';
import { readAutoscalers, readDeployment, readPods, readQuotas, readReview, readScale } from './read.ts';

/** What Sluice does with a deployment, and no more: the rights that it needs. */
const VERBS = [
  { verb: 'get', group: 'apps', resource: 'deployments', named: true },
  { verb: 'list', group: 'apps', resource: 'deployments', named: true },
  { verb: 'watch', group: 'apps', resource: 'deployments', named: true },
  { verb: 'get', group: 'apps', resource: 'deployments', subresource: 'scale', named: true },
  { verb: 'patch', group: 'apps', resource: 'deployments', subresource: 'scale', named: true },
  { verb: 'list', group: 'autoscaling', resource: 'horizontalpodautoscalers', named: false },
  { verb: 'list', group: '', resource: 'resourcequotas', named: false },
  { verb: 'list', group: '', resource: 'pods', named: false },
  { verb: 'list', group: '', resource: 'services', named: false },
  { verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', named: false },
  { verb: 'get', group: '', resource: 'nodes', named: false, everywhere: true },
] as const;

/** Kubernetes clusters by their API servers. Nothing is connected before something is asked. */
export function openKubernetes(options: KubernetesOptions): Kubernetes {
  const clients = new Map(
    Object.entries(options.clusters).map(([name, cluster]) => [
      name,
      new ClusterClient(name, cluster, options.requestMs),
    ]),
  );
  const read = async <T>(
    key: Pick<DeploymentKey, 'cluster'>,
    asked: Asked,
    reader: (value: unknown) => T,
  ): Promise<Result<T>> => {
    const client = clients.get(key.cluster);
    if (client === undefined)
      return fail({ kind: 'cluster-absent', cluster: key.cluster, what: 'such cluster' });
    const answer = await client.ask(asked);
    if (!answer.ok) return answer;
    try {
      return ok(reader(answer.value));
    } catch (error) {
      return fail({
        kind: asked.method === 'PATCH' ? 'cluster-unclear' : 'cluster-silent',
        cluster: key.cluster,
        cause: `an answer that cannot be read: ${readThrown(error).message.slice(0, 200)}`,
      });
    }
  };
  const get = <T>(
    key: Pick<DeploymentKey, 'cluster'>,
    path: string,
    what: string,
    reader: (value: unknown) => T,
  ): Promise<Result<T>> => read(key, { method: 'GET', path, what }, reader);
  const deployment = (key: DeploymentKey): Promise<Result<DeploymentSeen>> =>
    get(key, deploymentPath(key), `get deployment ${key.deployment}`, readDeployment);
  return {
    clusters: [...clients.keys()],
    deployment,
    scale: (key) => get(key, `${deploymentPath(key)}/scale`, `get scale of ${key.deployment}`, readScale),
    setScale: (key, seen, replicas) => read(key, patchScale(key, seen, replicas), readScale),
    autoscalers: (key) =>
      get(
        key,
        `apis/autoscaling/v2/namespaces/${encodeURIComponent(key.namespace)}/horizontalpodautoscalers`,
        'list horizontalpodautoscalers',
        (value) => readAutoscalers(value, key.deployment),
      ),
    quotas: (key) => get(key, `${corePath(key)}/resourcequotas`, 'list resourcequotas', readQuotas),
    pods: (key, selector) =>
      get(key, `${corePath(key)}/pods?labelSelector=${encodeURIComponent(selector)}`, 'list pods', readPods),
    node: async (cluster, name) => {
      const found = await get(
        { cluster },
        `api/v1/nodes/${encodeURIComponent(name)}`,
        `get node ${name}`,
        readNode,
      );
      return !found.ok && found.fault.kind === 'cluster-absent' ? ok(undefined) : found;
    },
    behindPort: async (cluster, namespace, port) => {
      const path = `namespaces/${encodeURIComponent(namespace)}`;
      const services = await get({ cluster }, `api/v1/${path}/services`, 'list services', (value) =>
        readServiceOfPort(value, port),
      );
      if (!services.ok || services.value === undefined) return services.ok ? ok(undefined) : services;
      const service = services.value;
      const slices = `endpointslices?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${service}`)}`;
      const ready = await get(
        { cluster },
        `apis/discovery.k8s.io/v1/${path}/${slices}`,
        'list endpointslices',
        readReadyEndpoints,
      );
      return ready.ok ? ok({ service, readyPods: ready.value }) : ready;
    },
    follow: async (key, until, how) => {
      const client = clients.get(key.cluster);
      if (client === undefined)
        return fail({ kind: 'cluster-absent', cluster: key.cluster, what: 'such cluster' });
      return followDeployment(
        {
          read: () => deployment(key),
          watch: (resourceVersion, signal) => client.stream(watchOf(key, resourceVersion), signal),
          betweenMs: options.betweenWatchesMs,
        },
        until,
        how,
      );
    },
    access: async (key) => {
      const reviews = await Promise.all(
        VERBS.map((asked) =>
          read(key, reviewOf(key, asked), readReview).then((allowed): Result<AccessSeen> => {
            if (!allowed.ok) return allowed;
            const resource =
              'subresource' in asked ? `${asked.resource}/${asked.subresource}` : asked.resource;
            return ok({ verb: asked.verb, resource, allowed: allowed.value });
          }),
        ),
      );
      const seen: AccessSeen[] = [];
      for (const review of reviews) {
        if (!review.ok) return review;
        seen.push(review.value);
      }
      return ok(seen);
    },
    silent: async () => {
      const asked = await Promise.all(
        [...clients].map(async ([cluster, client]) => {
          const answer = await client.ask({ method: 'GET', path: 'version', what: 'get version' });
          return answer.ok ? [] : [{ cluster, cause: wordFault(answer.fault).text }];
        }),
      );
      return asked.flat();
    },
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

function deploymentPath({ namespace, deployment }: DeploymentKey): string {
  return `apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(deployment)}`;
}

function corePath({ namespace }: DeploymentKey): string {
  return `api/v1/namespaces/${encodeURIComponent(namespace)}`;
}

/** Strict: a field that the server does not know is refused, where it would be dropped in silence. */
function patchScale(key: DeploymentKey, { uid, resourceVersion }: ScaleSeen, replicas: number): Asked {
  return {
    method: 'PATCH',
    path: `${deploymentPath(key)}/scale?fieldManager=sluice&fieldValidation=Strict`,
    body: { metadata: { uid, resourceVersion }, spec: { replicas } },
    what: `patch the scale of ${key.deployment}`,
  };
}

function watchOf(key: DeploymentKey, resourceVersion: string): Asked {
  const query = new URLSearchParams({
    watch: 'true',
    fieldSelector: `metadata.name=${key.deployment}`,
    resourceVersion,
  });
  return {
    method: 'GET',
    path: `apis/apps/v1/namespaces/${encodeURIComponent(key.namespace)}/deployments?${query.toString()}`,
    what: `watch deployment ${key.deployment}`,
  };
}

function reviewOf(key: DeploymentKey, asked: (typeof VERBS)[number]): Asked {
  const { verb, group, resource, named } = asked;
  const subresource = 'subresource' in asked ? { subresource: asked.subresource } : {};
  const name = named ? { name: key.deployment } : {};
  const namespace = 'everywhere' in asked ? {} : { namespace: key.namespace };
  return {
    method: 'POST',
    path: 'apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: { ...namespace, verb, group, resource, ...subresource, ...name },
      },
    },
    what: 'ask for its own rights',
  };
}
