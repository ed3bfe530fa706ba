import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { needOperation } from '../src/core/need-operation.ts';
import { planUndo } from '../src/core/plan-back.ts';

/** Going back is an operation like any other, with its own id, plan and log line. */
export default defineCommand({
  kind: 'plan',
  name: 'undo',
  summary: 'puts back exactly what an operation changed, in reverse order',
  usage: '!undo ID [REASON] [- TASK]',
  example: '!undo k7f errors on maps1005',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  reads: ({ id }) => ({ kind: 'operation', id }),
  plan: ({ id }, facts) => {
    const operation = needOperation(facts, id);
    return operation.ok ? planUndo(operation.value, facts) : operation;
  },
});
