import { effectsText, actionText, movesText } from './announcement/phrases.ts';
import { missingApprovals } from './approval.ts';
import type { Card } from './card.ts';
import { networkName } from './network-name.ts';
import type { Operation, OperationState } from './operation.ts';
import { summarizePlan } from './plan-summary.ts';
import { objectResults } from './progress.ts';

const TONES: Readonly<Record<OperationState, Card['tone']>> = {
  received: 'waiting',
  'awaiting-approval': 'waiting',
  queued: 'running',
  running: 'running',
  held: 'bad',
  uncertain: 'bad',
  done: 'good',
  failed: 'bad',
  conflict: 'bad',
  refused: 'bad',
  denied: 'over',
  expired: 'over',
  cancelled: 'over',
};

/** An operation at a glance, as it stands now. @param line the newest thing that was said of it. */
export function cardOf(operation: Operation, line: string): Card {
  const { id, state, request, plan, votes } = operation;
  const summary = summarizePlan(plan);
  const results = objectResults(operation);
  const done = results.filter(({ result }) => result === 'done').length;
  const approved = votes.filter(({ verdict }) => verdict === 'approve');
  const facts = [
    { name: 'asked by', value: `${request.person} (${networkName(request.transport)})` },
    { name: 'change', value: movesText(summary, 1) },
    { name: 'effect', value: effectsText(summary) },
    ...(approved.length === 0
      ? []
      : [
          {
            name: 'approved by',
            value: approved
              .map(({ person, transport }) => `${person} (${networkName(transport)})`)
              .join(', '),
          },
        ]),
    ...(request.reason === '' ? [] : [{ name: 'reason', value: request.reason }]),
    ...(request.tasks.length === 0 ? [] : [{ name: 'task', value: request.tasks.join(' ') }]),
    ...(results.length > 1
      ? [{ name: 'progress', value: `${String(done)} of ${String(results.length)}` }]
      : []),
  ];
  return {
    id,
    title: `${id} ${actionText(summary, 1)}`,
    status: statusOf(operation),
    tone: TONES[state],
    facts,
    lines: [line],
    buttons: buttonsOf(operation),
  };
}

function statusOf(operation: Operation): string {
  if (operation.state !== 'awaiting-approval')
    return operation.state === 'uncertain' ? 'UNKNOWN' : operation.state;
  const missing = missingApprovals(operation);
  return `waits for ${String(missing)} approval${missing === 1 ? '' : 's'}`;
}

/** What could be done by a click; what would be refused all the same is not offered. */
function buttonsOf({ state, steps }: Operation): Card['buttons'] {
  const changed = steps.some((step) => step.state === 'done');
  switch (state) {
    case 'awaiting-approval':
      return ['approve', 'deny', 'cancel'];
    case 'queued':
    case 'running':
      return ['cancel'];
    case 'held':
      return changed ? ['cancel', 'undo'] : ['cancel'];
    case 'done':
    case 'failed':
    case 'conflict':
    case 'cancelled':
      return changed ? ['undo'] : [];
    default:
      return [];
  }
}
