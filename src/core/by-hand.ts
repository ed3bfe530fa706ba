import type { NodeKey, NodeState } from './node.ts';
import type { StepRecord } from './step.ts';

/** Nothing that a shell would read as more than a name. */
const PLAIN = /^[A-Za-z0-9.-]+$/;

/** The lines for steps of any kind. */
export function byHandSteps(steps: readonly StepRecord[]): readonly string[] {
  return steps.flatMap((step) => {
    if ('key' in step) return byHandLines([step]);
    // The number is set; only its pods are missing.
    if (step.result !== undefined) return [];
    const { cluster, namespace, deployment } = step.deployment;
    if (![cluster, namespace, deployment].every((part) => PLAIN.test(part))) return [];
    const numbers = `--current-replicas=${String(step.from)} --replicas=${String(step.to)}`;
    return [`kubectl --context=${cluster} -n ${namespace} scale deployment/${deployment} ${numbers}`];
  });
}

/**
 * The exact lines to type when Sluice cannot act itself. No text from a user goes into them: keys come from conftool, and a key with
 * anything but letters, digits, dots and dashes gets no line.
 *
 * @returns one line per write, in order; `tags` mode, since it reads one object and takes no regular expression.
 */
export function byHandLines(
  writes: readonly { readonly key: NodeKey; readonly from: NodeState; readonly to: NodeState }[],
): readonly string[] {
  return writes.flatMap(({ key, from, to }) => {
    const { dc, cluster, service, host, record } = key;
    if (![dc, cluster, service, host].every((part) => PLAIN.test(part))) return [];
    if (record !== undefined) {
      const tag = record === 'discovery' ? 'dnsdisc' : 'geodns';
      const value = record === 'discovery' ? String(to.pooled === 'yes') : to.pooled;
      return [
        `sudo confctl --object-type ${record} tags '${tag}=${service}' --action set/pooled=${value} ${host}`,
      ];
    }
    const pooled = from.pooled === to.pooled ? [] : [`pooled=${to.pooled}`];
    const weight = from.weight === to.weight ? [] : [`weight=${String(to.weight)}`];
    const action = `set/${[...pooled, ...weight].join(':')}`;
    return [`sudo confctl tags 'dc=${dc},cluster=${cluster},service=${service}' --action ${action} ${host}`];
  });
}
