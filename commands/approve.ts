import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** The second pair of eyes. What is typed after the id is talk. */
export default defineCommand({
  kind: 'decide',
  name: 'approve',
  summary: 'agrees to an operation of somebody else',
  usage: '!approve ID',
  example: '!approve k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  decide: ({ id }) => ({ kind: 'approve', id }),
});
