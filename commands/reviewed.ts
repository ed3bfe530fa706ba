import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** Whoever broke the glass is looked at by somebody else, afterwards. */
export default defineCommand({
  kind: 'decide',
  name: 'reviewed',
  summary: 'says that you have looked at an operation that broke the glass',
  usage: '!reviewed ID',
  example: '!reviewed k7f',
  args: { id: OperationId },
  options: {},
  rest: 'none',
  decide: ({ id }) => ({ kind: 'reviewed', id }),
});
