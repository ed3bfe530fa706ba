import { Batch, Cluster, Dc, Hosts, PaceNone, Service, Weight } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planNodes } from '../src/core/plan-nodes.ts';

const USAGE = '!pool HOSTS SERVICE [weight=N] [batch=N] [dc=DC] [cluster=CLUSTER] [REASON] [- TASK]';

/** Puts hosts into rotation. A weight of 0 would be served as 1 by the load balancer, so it becomes 1 and says so. */
export default defineCommand({
  kind: 'plan',
  name: 'pool',
  summary: 'puts hosts into rotation for one service',
  usage: USAGE,
  example: '!pool wikikube-worker1001 kartotherian-k8s-ssl first worker - T378944',
  args: { hosts: Hosts, service: Service },
  options: { weight: Weight, batch: Batch, pace: PaceNone, dc: Dc, cluster: Cluster },
  rest: 'reason',
  reads: ({ service }) => ({ kind: 'service', service }),
  plan: (given, facts) =>
    planNodes({ verb: 'pool', usage: USAGE, ...given }, facts, ({ weight }) => ({
      pooled: 'yes',
      weight: given.weight ?? Math.max(1, weight),
    })),
});
