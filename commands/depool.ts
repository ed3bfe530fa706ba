import { Batch, Cluster, Dc, Hosts, PaceNone, Service, spanUpTo } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { ALL, planDepoolAll } from '../src/core/plan-host.ts';
import { planNodes } from '../src/core/plan-nodes.ts';

const USAGE =
  '!depool HOSTS SERVICE|all [drain=60s] [for=2h] [batch=N] [dc=DC] [cluster=CLUSTER] [REASON] [- TASK]';
const Drain = spanUpTo(3_600_000);
const For = spanUpTo(30 * 86_400_000);

/** Takes hosts out of rotation. An inactive host does not serve, so nothing is to do there. */
export default defineCommand({
  kind: 'plan',
  name: 'depool',
  summary: 'takes hosts out of rotation for one service, or one host for all',
  usage: USAGE,
  example: '!depool maps1005 kartotherian-ssl nginx test - T378944',
  args: { hosts: Hosts, service: Service },
  options: { drain: Drain, for: For, batch: Batch, pace: PaceNone, dc: Dc, cluster: Cluster },
  rest: 'reason',
  reads: ({ hosts, service }) =>
    service === ALL ? { kind: 'hosts', names: hosts.names } : { kind: 'service', service },
  plan: (given, facts) => {
    if (given.service === ALL)
      return planDepoolAll(given.hosts.names, facts, { drainMs: given.drain, forMs: given.for });
    return planNodes({ verb: 'depool', usage: USAGE, ...given }, facts, (state) =>
      state.pooled === 'inactive' ? state : { ...state, pooled: 'no' },
    );
  },
});
