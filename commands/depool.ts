import { Cluster, Dc, Hosts, Service } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planNodes } from '../src/core/plan-nodes.ts';

/** Takes hosts out of rotation. An inactive host does not serve, so nothing is to do there. */
export default defineCommand({
  kind: 'plan',
  name: 'depool',
  summary: 'takes hosts out of rotation for one service',
  usage: '!depool HOSTS SERVICE [dc=DC] [cluster=CLUSTER] [REASON] [- TASK]',
  example: '!depool maps1005 kartotherian-ssl nginx test - T378944',
  args: { hosts: Hosts, service: Service },
  options: { dc: Dc, cluster: Cluster },
  rest: 'reason',
  reads: ({ service }) => ({ kind: 'service', service }),
  plan: (given, facts) =>
    planNodes({ verb: 'depool', ...given }, facts, (state) =>
      state.pooled === 'inactive' ? state : { ...state, pooled: 'no' },
    ),
});
