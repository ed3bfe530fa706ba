import { wordFault } from '../../core/announcement/fault-words.ts';
import type { DoctorLine } from '../../core/doctor-line.ts';
import { linesOf } from '../../core/doctor-line.ts';
import type { DeploymentSettings } from '../../core/scale/facts.ts';
import type { Kubernetes } from '../../ports/kubernetes.ts';

/**
 * Looks whether Sluice may do in each cluster exactly what it does there, and whether each deployment is there. Changes nothing.
 */
export async function examineKubernetes(
  kubernetes: Kubernetes,
  deployments: readonly DeploymentSettings[],
): Promise<readonly DoctorLine[]> {
  const pairs = kubernetes.clusters.flatMap((cluster) => deployments.map((one) => ({ cluster, one })));
  return (await Promise.all(pairs.map(({ cluster, one }) => examineOne(kubernetes, cluster, one)))).flat();
}

async function examineOne(
  kubernetes: Kubernetes,
  cluster: string,
  { name, namespace, deployment }: DeploymentSettings,
): Promise<readonly DoctorLine[]> {
  const lines = linesOf(`kubernetes ${cluster}`);
  const key = { cluster, namespace, deployment };
  const access = await kubernetes.access(key);
  if (!access.ok) return [lines.fail(`${name}: ${wordFault(access.fault).text}`)];
  const missing = access.value.filter(({ allowed }) => !allowed);
  if (missing.length > 0)
    return missing.map(({ verb, resource }) =>
      lines.fail(`${name}: may not ${verb} ${resource} in ${namespace}: see docs/kubernetes`),
    );
  const [seen, autoscalers] = await Promise.all([kubernetes.deployment(key), kubernetes.autoscalers(key)]);
  if (!seen.ok) return [lines.fail(`${name}: ${wordFault(seen.fault).text}`)];
  const { ready, wanted } = seen.value;
  return [
    lines.ok(
      `${name}: all ${String(access.value.length)} rights, ${String(ready)} of ${String(wanted)} ready`,
    ),
    ...(autoscalers.ok && autoscalers.value.length > 0
      ? [lines.warn(`${name}: an autoscaler sets its number, so !scale is refused`)]
      : []),
  ];
}
