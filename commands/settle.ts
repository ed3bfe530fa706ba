import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** Looks, and says what it saw. */
export default defineCommand({
  kind: 'decide',
  name: 'settle',
  summary: 'reads what became of an UNKNOWN write and closes it; writes nothing',
  usage: '!settle ID',
  example: '!settle k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  decide: ({ id }) => ({ kind: 'settle', id }),
});
