import { poolPath } from '../../core/node.ts';
import { rpsOf } from '../../core/observed.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { DeploymentKey } from '../../core/scale/deployment.ts';
import type { DeploymentNow, DeploymentSettings, Load, ScaleFacts } from '../../core/scale/facts.ts';
import type { Parts } from '../parts.ts';

/** What the number of pods must be enough for. */
const DAY_MS = 24 * 3_600_000;

/** A deployment of the configuration in every cluster, read now; undefined for a name that is none. */
export async function readScale(parts: Parts, name: string): Promise<ScaleFacts | undefined> {
  const settings = parts.settings.deployments.find((one) => one.name === name);
  if (settings === undefined) return undefined;
  const clusters = parts.kubernetes?.clusters ?? [];
  const read = await Promise.all(
    clusters.map(async (cluster) => [cluster, await readDeployment(parts, settings, cluster)] as const),
  );
  return { settings, declared: await parts.settings.declaredReplicas(name), clusters: new Map(read) };
}

/** A deployment in one cluster, with all that its number depends on. */
export async function readDeployment(
  parts: Parts,
  settings: DeploymentSettings,
  cluster: string,
): Promise<Result<DeploymentNow>> {
  const { kubernetes } = parts;
  if (kubernetes === undefined)
    return fail({ kind: 'deployment-unknown', name: settings.name, nearest: [], hasAny: false });
  const { namespace, deployment } = settings;
  const key: DeploymentKey = { cluster, namespace, deployment };
  const [seen, autoscalers, quotas, load] = await Promise.all([
    kubernetes.deployment(key),
    kubernetes.autoscalers(key),
    kubernetes.quotas(key),
    loadOf(parts, settings, cluster),
  ]);
  if (!seen.ok) return seen;
  if (!autoscalers.ok) return autoscalers;
  if (!quotas.ok) return quotas;
  return ok({ key, seen: seen.value, autoscalers: autoscalers.value, quotas: quotas.value, load });
}

/** What the service behind which it stands is asked in the data centre of that name; undefined when nobody can tell. */
async function loadOf(
  { metrics, conftool }: Parts,
  { service }: DeploymentSettings,
  dc: string,
): Promise<Load | undefined> {
  if (service === undefined) return undefined;
  const [now, past] = await Promise.all([metrics.requests(dc), metrics.requestsSince(dc, DAY_MS)]);
  if (now?.ok !== true || past?.ok !== true) return undefined;
  const pools = await conftool.poolsOfService(service);
  if (!pools.ok) return undefined;
  const own = pools.value.filter((pool) => pool.dc === dc);
  const keys = own.flatMap(({ nodes }) => nodes.map(({ key }) => key));
  if (new Set(own.map(poolPath)).size === 0) return undefined;
  const sumOf = (observed: typeof now.value): number =>
    keys.reduce((sum, key) => sum + (rpsOf(observed, key) ?? 0), 0);
  const rps = sumOf(now.value);
  return { rps, peakRps: Math.max(rps, ...past.value.map(sumOf)) };
}
