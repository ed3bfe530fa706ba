import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** A change of mind counts until the operation is queued. */
export default defineCommand({
  kind: 'decide',
  name: 'unapprove',
  summary: 'takes your approval back, before it starts',
  usage: '!unapprove ID',
  example: '!unapprove k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  decide: ({ id }) => ({ kind: 'unapprove', id }),
});
