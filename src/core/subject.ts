import type { NodeKey } from './node.ts';
import { poolPath } from './node.ts';
import type { Plan } from './plan.ts';

/** Whether an object is of the host (short or full), service, data centre or DNS record that somebody named. */
export function matchesSubject(key: NodeKey, subject: string): boolean {
  const names = [key.host, key.host.split('.')[0], key.service, key.dc, poolPath(key)];
  return names.includes(subject);
}

/** Whether a plan changes something of what somebody named; a deployment by its own name, its cluster, or the service behind which it stands. */
export function concernsSubject(plan: Plan, subject: string): boolean {
  if ('scales' in plan)
    return (
      plan.service === subject ||
      plan.behind === subject ||
      plan.scales.some(({ key }) => key.cluster === subject)
    );
  return plan.changes.some(({ key }) => matchesSubject(key, subject));
}
