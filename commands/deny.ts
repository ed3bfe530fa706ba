import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** A brake: one person is enough. */
export default defineCommand({
  kind: 'decide',
  name: 'deny',
  summary: 'ends an operation that waits for approval',
  usage: '!deny ID',
  example: '!deny k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  decide: ({ id }) => ({ kind: 'deny', id }),
});
