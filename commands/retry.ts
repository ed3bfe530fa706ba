import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { needOperation } from '../src/core/need-operation.ts';
import { planRetry } from '../src/core/plan-back.ts';

/** A new request for what an earlier one did not do: planned, judged and approved anew. */
export default defineCommand({
  kind: 'plan',
  name: 'retry',
  summary: 'asks anew for what an operation did not do',
  usage: '!retry ID [REASON] [- TASK]',
  example: '!retry k7f',
  args: { id: OperationId },
  options: {},
  rest: 'reason',
  reads: ({ id }) => ({ kind: 'operation', id }),
  plan: ({ id }, facts) => {
    const operation = needOperation(facts, id);
    return operation.ok ? planRetry(operation.value, facts) : operation;
  },
});
