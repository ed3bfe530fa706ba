import { Batch, Cluster, Dc, Hosts, PaceNone, Service } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planNodes } from '../src/core/plan-nodes.ts';

const USAGE = '!decommission HOSTS SERVICE [batch=N] [dc=DC] [cluster=CLUSTER] [REASON] [- TASK]';

/** Takes hosts out of the load balancers' list. What serves is depooled on the way, and the floor becomes lower with the pool. */
export default defineCommand({
  kind: 'plan',
  name: 'decommission',
  summary: 'makes hosts unknown to the load balancers of one service',
  usage: USAGE,
  example: '!decommission maps1005 kartotherian-ssl gone from the rack - T378944',
  args: { hosts: Hosts, service: Service },
  options: { batch: Batch, pace: PaceNone, dc: Dc, cluster: Cluster },
  rest: 'reason',
  reads: ({ service }) => ({ kind: 'service', service }),
  plan: (given, facts) =>
    planNodes({ verb: 'decommission', usage: USAGE, ...given }, facts, ({ weight }) => ({
      pooled: 'inactive',
      weight,
    })),
});
