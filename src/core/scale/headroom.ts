import type { Quota } from './deployment.ts';

/** What of a quota gives out first. */
export interface Headroom {
  /** How many more pods there is room for; 0 when there is none. */
  readonly pods: number;
  readonly quota: string;
  readonly resource: string;
  /** One pod's share of it, and what is left, in cores or bytes. */
  readonly perPod: number;
  readonly left: number;
}

/**
 * How many more pods the quotas of a namespace let in. A quota does not refuse a larger number: it lets pods in until it is used up, and the rest is missing for
 * ever.
 *
 * @param perPod what one pod asks for, by the names of a quota.
 * @returns undefined when no quota limits these pods.
 */
export function headroomOf(
  quotas: readonly Quota[],
  perPod: Readonly<Record<string, number>>,
): Headroom | undefined {
  const limits = quotas.flatMap(({ name, hard, used }) =>
    Object.entries(hard).flatMap(([resource, most]): readonly Headroom[] => {
      const need = resource === 'pods' || resource === 'count/pods' ? 1 : (perPod[resource] ?? 0);
      if (!(need > 0)) return [];
      const left = Math.max(0, most - (used[resource] ?? 0));
      // A rounding error of the sum must not cost a pod.
      return [{ pods: Math.floor(left / need + 1e-9), quota: name, resource, perPod: need, left }];
    }),
  );
  return limits.reduce<Headroom | undefined>(
    (least, one) => (least === undefined || one.pods < least.pods ? one : least),
    undefined,
  );
}
