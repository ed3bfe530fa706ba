import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** A brake: what it has changed stays changed. */
export default defineCommand({
  kind: 'decide',
  name: 'cancel',
  summary: 'ends an operation that waits, is queued or held',
  usage: '!cancel ID',
  example: '!cancel k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  decide: ({ id }) => ({ kind: 'cancel', id }),
});
