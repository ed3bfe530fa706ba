import { Service, spanUpTo } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

const LONGEST_MS = 30 * 86_400_000;

/** A brake for one service; going back, and taking away what is down, is still possible. */
export default defineCommand({
  kind: 'decide',
  name: 'lock',
  summary: 'lets no operation start or go on for one service, for a while or until !unlock',
  usage: '!lock SERVICE REASON [for=8h]',
  example: '!lock kartotherian-ssl certificate being replaced for=2h',
  args: { service: Service },
  options: { for: spanUpTo(LONGEST_MS) },
  rest: 'required-reason',
  decide: ({ service, for: forMs }, reason) => ({ kind: 'lock', service, reason, forMs }),
});
