import { Batch, Cluster, Dc, Hosts, PaceNone, Service, Weight } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planNodes } from '../src/core/plan-nodes.ts';

const USAGE = '!weight HOSTS SERVICE N [batch=N] [dc=DC] [cluster=CLUSTER] [REASON] [- TASK]';

/** Sets the share of traffic that hosts get, without pooling or depooling them. */
export default defineCommand({
  kind: 'plan',
  name: 'weight',
  summary: 'sets the weight of hosts in one service, 1 to 65535',
  usage: USAGE,
  example: '!weight maps[1005-1007] kartotherian-ssl 5 less for the old ones - T378944',
  args: { hosts: Hosts, service: Service, n: Weight },
  options: { batch: Batch, pace: PaceNone, dc: Dc, cluster: Cluster },
  rest: 'reason',
  reads: ({ service }) => ({ kind: 'service', service }),
  plan: ({ n, ...given }, facts) =>
    planNodes({ verb: 'weight', usage: USAGE, weight: n, ...given }, facts, ({ pooled }) => ({
      pooled,
      weight: n,
    })),
});
