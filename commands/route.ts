import { Dc, Record, RouteAction } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { planRoute, recordNamed } from '../src/core/plan-route.ts';
import { fail } from '../src/core/result.ts';

const USAGE = '!route pool|depool RECORD DC, or !route switch RECORD to=DC [REASON] [- TASK]';

/** Where DNS leads to. The receiving side must serve, and a record never leads nowhere. */
export default defineCommand({
  kind: 'plan',
  name: 'route',
  summary: 'leads a discovery or geodns record to a data centre, or away from it',
  usage: USAGE,
  example: '!route depool kartotherian codfw maintenance - T378944',
  args: { action: RouteAction, record: Record, dc: Dc.optional() },
  options: { to: Dc },
  // After `switch RECORD` comes the reason: the data centre is an option there.
  countArguments: ([action = '']) => (action.toLowerCase() === 'switch' ? 2 : 3),
  rest: 'reason',
  reads: ({ record }) => ({ kind: 'record', record: recordNamed(record) }),
  plan: ({ action, record, dc, to }, facts) => {
    const place = action === 'switch' ? to : dc;
    const argument = action === 'switch' ? 'to=DC' : 'DC';
    if (place === undefined) return fail({ kind: 'argument-missing', argument, usage: USAGE });
    return planRoute({ action, record: recordNamed(record), dc: place }, facts);
  },
});
