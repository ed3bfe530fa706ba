import { Hosts } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planRepool } from '../src/core/plan-host.ts';
import { fail } from '../src/core/result.ts';

/** The way back from `!depool HOST all`: nothing that was out before goes in with it. */
export default defineCommand({
  kind: 'plan',
  name: 'repool',
  summary: 'puts back what the last !depool HOST all took out of rotation',
  usage: '!repool HOST [REASON] [- TASK]',
  example: '!repool maps1005 memory replaced - T378944',
  args: { host: Hosts },
  options: {},
  rest: 'reason',
  reads: ({ host }) => ({ kind: 'hosts', names: host.names }),
  plan: ({ host }, facts) => {
    const [name, ...more] = host.names;
    if (name === undefined || more.length > 0)
      return fail({ kind: 'one-host-only', count: host.names.length });
    return planRepool(name, facts);
  },
});
