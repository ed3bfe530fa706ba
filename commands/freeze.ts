import { defineCommand } from '../src/core/command.ts';

/** Everything stands still until somebody thaws it; going back by !undo is still possible. */
export default defineCommand({
  kind: 'decide',
  name: 'freeze',
  summary: 'lets no operation start or go on, anywhere',
  usage: '!freeze REASON',
  example: '!freeze network maintenance in eqiad',
  args: {},
  options: {},
  rest: 'required-reason',
  decide: (_given, reason) => ({ kind: 'freeze', reason }),
});
