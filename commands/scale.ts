import { Dc, DeploymentName, Replicas } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planScale } from '../src/core/scale/plan-scale.ts';

/** Sets how many pods a deployment has, cluster by cluster, and waits until they are ready. */
export default defineCommand({
  kind: 'plan',
  name: 'scale',
  summary: 'sets how many pods a deployment has, and waits until they are ready',
  usage: '!scale NAME N [dc=DC] [REASON] [- TASK]',
  example: '!scale kartotherian 70 dc=eqiad more tiles for a while - T378944',
  args: { name: DeploymentName, n: Replicas },
  options: { dc: Dc },
  rest: 'reason',
  reads: ({ name }) => ({ kind: 'deployment', name }),
  plan: planScale,
});
