import type { Announcement } from '../src/core/announcement/announcement.ts';
import { approvers } from '../src/core/approval.ts';
import { OperationId } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { needOperation } from '../src/core/need-operation.ts';
import type { Operation } from '../src/core/operation.ts';
import { summarizePlan } from '../src/core/plan-summary.ts';
import { objectResults } from '../src/core/progress.ts';
import { ok } from '../src/core/result.ts';

const MOST_NOTES = 4;

/** Everything about one operation in at most eight lines. */
export default defineCommand({
  kind: 'answer',
  name: 'show',
  summary: 'shows one operation: what was asked, who agreed, what became of each object',
  usage: '!show ID',
  example: '!show k7f',
  args: { id: OperationId },
  options: {},
  rest: 'none',
  reads: ({ id }) => ({ kind: 'operation', id }),
  answer: ({ id }, facts) => {
    const operation = needOperation(facts, id);
    return operation.ok ? ok(describe(operation.value)) : operation;
  },
});

function describe(operation: Operation): readonly Announcement[] {
  const { id, state, request, plan, createdAt, endedAt, fault } = operation;
  const notes = plan.notes.slice(0, MOST_NOTES);
  const { line, person } = request;
  return [
    {
      kind: 'operation-detail',
      id,
      state,
      person,
      approvers: approvers(operation),
      line,
      at: createdAt,
      endedAt,
      plan: summarizePlan(plan),
    },
    { kind: 'operation-objects', id, objects: objectResults(operation) },
    ...(fault === undefined ? [] : [{ kind: 'operation-fault' as const, id, fault }]),
    ...notes.map((note) => ({ kind: 'note' as const, id, note })),
  ];
}
