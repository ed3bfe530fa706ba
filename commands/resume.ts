import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** For the person who has looked at why it was held. */
export default defineCommand({
  kind: 'decide',
  name: 'resume',
  summary: 'goes on with a held operation, all guard rails anew',
  usage: '!resume ID',
  example: '!resume k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  decide: ({ id }) => ({ kind: 'resume', id }),
});
