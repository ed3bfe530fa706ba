import { OperationIdOrAll } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** The brake that anybody may pull: at most the write in flight finishes. */
export default defineCommand({
  kind: 'decide',
  name: 'stop',
  summary: 'holds one operation, or all, before the next write',
  usage: '!stop ID|all',
  example: '!stop all',
  args: { id: OperationIdOrAll },
  options: {},
  rest: 'reason',
  decide: ({ id }) => (id === 'all' ? { kind: 'stop-all' } : { kind: 'stop', id }),
});
