import type { NodeState } from './node.ts';
import { stateText } from './node.ts';
import type { PoolEffect, Verb } from './node-plan.ts';
import type { Plan } from './plan.ts';
import type { ScalePlan, ScaleView } from './scale/plan.ts';

/** What a message says of a plan: small enough to be stored beside it, complete enough to be worded without it. */
export interface PlanSummary {
  readonly verb: Verb;
  readonly undoes: { readonly id: string; readonly verb: Verb } | undefined;
  readonly service: string;
  readonly weight: number | undefined;
  /** Fully qualified, in the order of the plan. */
  readonly hosts: readonly string[];
  /** `eqiad/maps`, each once. */
  readonly places: readonly string[];
  /** Hosts that go from the same state to the same state, together. */
  readonly moves: readonly {
    readonly from: string;
    readonly to: string;
    readonly hosts: readonly string[];
  }[];
  readonly effects: readonly PoolEffect[];
  /** Of a plan for the number of pods: cluster by cluster. */
  readonly scales?: readonly ScaleView[];
}

/** Takes from a plan what its messages need. */
export function summarizePlan(plan: Plan): PlanSummary {
  if ('scales' in plan) return summarizeScale(plan);
  return {
    verb: plan.verb,
    undoes: plan.undoes,
    service: plan.service,
    weight: plan.weight,
    hosts: [...new Set(plan.changes.map(({ key }) => key.host))],
    places: [...new Set(plan.changes.map(({ key }) => key.record ?? `${key.dc}/${key.cluster}`))],
    moves: groupMoves(plan.changes.map(({ key, before, after }) => ({ host: key.host, before, after }))),
    effects: plan.effects,
  };
}

function summarizeScale({ verb, undoes, service, scales, views }: ScalePlan): PlanSummary {
  const clusters = scales.map(({ key }) => key.cluster);
  return {
    verb,
    undoes,
    service,
    weight: undefined,
    hosts: [],
    places: clusters,
    moves: scales.map(({ before, after, key }) => ({
      from: String(before),
      to: String(after),
      hosts: [key.cluster],
    })),
    effects: [],
    scales: views,
  };
}

function groupMoves(
  changes: readonly { readonly host: string; readonly before: NodeState; readonly after: NodeState }[],
): PlanSummary['moves'] {
  const groups = new Map<string, { from: string; to: string; hosts: string[] }>();
  for (const { host, before, after } of changes) {
    const [from, to] = [stateText(before), stateText(after)];
    const group = groups.get(`${from} ${to}`) ?? { from, to, hosts: [] };
    group.hosts.push(host);
    groups.set(`${from} ${to}`, group);
  }
  return [...groups.values()];
}
