import { randomUUID } from 'node:crypto';
import type { OperationState } from '../../core/operation.ts';
import { isFinal, OPERATION_TRANSITIONS } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { StepState } from '../../core/step-state.ts';
import { STEP_TRANSITIONS } from '../../core/step-state.ts';
import { stepSubject } from '../../core/step.ts';
import type { Transition } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { newChange } from './change.ts';
import { KEYS, wildcards } from './keys.ts';
import type { ChangeReply } from './link.ts';
import { patchFields, stepFields, stepStateField, voteField } from './records.ts';
import { addRemovalTo } from './removals.ts';

/** Longer than any window of a limit in a policy is likely to be. */
const WRITES_KEPT_MS = 86_400_000;

/**
 * The change that moves an operation. What may follow what is core's table; the caller's `from` can only narrow it. An open state may
 * follow itself: fields and steps change then, the place in line stays.
 *
 * @param lines the keys of the lines that it stands in.
 */
export function transitionChange(
  transition: Transition,
  lines: readonly string[],
  retentionMs: number,
): Change {
  const { id, to, at, epoch, takeOver, after, patch = {}, steps = [], removals = [] } = transition;
  const key = KEYS.operation(id);
  const change = newChange(key);
  for (const guard of guardsOf(transition)) {
    if (guard === 'schema') change.guard('field-in', key, 'schema', '1');
    else if (guard === 'state') change.guard('field-in', key, 'state', ...allowedFrom(transition));
    else if (guard === 'epoch') change.guard('field-in', key, 'epoch', String(epoch));
    else if (guard === 'after')
      change.guard('field-in', KEYS.operation(after?.id ?? ''), 'epoch', String(after?.epoch));
    else if (guard === 'after-state')
      change.guard('field-in', KEYS.operation(after?.id ?? ''), 'state', 'running');
    else if (guard === 'vote') change.guard('field-there', key, voteField(transition.ifVote ?? ''));
    else if (guard === 'stop') change.guard('field-in', key, 'stopRequestedBy', '');
    else if (guard === 'brakes') change.guard('text-is', KEYS.brakes, transition.ifBrakes ?? '');
    else change.guard('text-is', KEYS.revision, transition.ifRevision ?? '');
  }
  for (const { from, record } of steps) {
    change.guard('field-in', key, stepStateField(record.index), ...allowedStepFrom(from, record.state));
  }
  if (transition.ifFirst === true) for (const line of lines) change.guard('heads', line, id);

  change.fields(key, { ...patchFields(patch), state: to, touchedAt: String(at), rev: randomUUID() });
  if (takeOver === true) change.effect('HINCRBY', key, 'epoch', 1);
  for (const { record } of steps) change.fields(key, stepFields(record));
  if (patch.viewId !== undefined) change.effect('SET', KEYS.view(patch.viewId), id, 'PX', retentionMs);
  for (const removal of removals) addRemovalTo(change, removal);
  for (const { record } of steps.filter((step) => step.record.state === 'done'))
    change.effect('ZADD', KEYS.writes, at, `${id} ${stepSubject(record)}`);
  if (steps.length > 0) change.effect('ZREMRANGEBYSCORE', KEYS.writes, '-inf', at - WRITES_KEPT_MS);
  if (transition.remindAt !== undefined) change.effect('ZADD', KEYS.reminders, transition.remindAt, id);
  for (const line of lines) {
    if (to === 'queued' || to === 'running') change.effect('JOIN', line, id);
    else if (to !== 'awaiting-approval') change.effect('LREM', line, 0, id);
  }
  if (isFinal(to)) {
    change.effect('ZREM', KEYS.open, id);
    change.effect('SREM', KEYS.alike, ...wildcards(id));
    change.effect('PEXPIRE', key, retentionMs);
  }
  return change;
}

/** Why it was not made. */
export function refusedTransition(
  transition: Transition,
  reply: Extract<ChangeReply, { kind: 'refused' }>,
): Result<never> {
  const { id, to, epoch, steps = [] } = transition;
  const found = reply.found[reply.guard - 1] ?? '';
  const state = reply.found[guardsOf(transition).indexOf('state')] ?? '';
  const refused = (why: string): Result<never> => fail({ kind: 'transition-refused', id, state, why });
  const guard = guardsOf(transition)[reply.guard - 1];
  switch (guard) {
    case 'schema':
      return fail({ kind: 'schema-unknown', id, schema: found });
    case 'state':
      return refused(`it cannot become ${to} from there`);
    case 'epoch':
      return refused(`another worker has it: start ${found}, not ${String(epoch)}`);
    case 'vote':
      return refused('the approval was not counted');
    case 'after':
    case 'after-state':
      return refused('the one before it has not begun, or not here');
    case 'stop':
    case 'brakes':
    case 'revision':
      return fail({ kind: 'brakes-moved', id });
    case undefined:
  }
  const record = steps[reply.guard - guardsOf(transition).length - 1]?.record;
  if (record === undefined) return refused(`its turn has not come: ${found} goes before it`);
  return refused(`step ${String(record.index)} is ${found} and cannot become ${record.state}`);
}

type Guard = 'schema' | 'state' | 'epoch' | 'vote' | 'after' | 'after-state' | 'stop' | 'brakes' | 'revision';

/** The guards of a transition before those of its steps, in their order. */
function guardsOf({ epoch, ifBrakes, ifRevision, ifVote, after }: Transition): readonly Guard[] {
  return [
    'schema',
    'state',
    ...(epoch === undefined ? [] : (['epoch'] as const)),
    ...(ifVote === undefined ? [] : (['vote'] as const)),
    ...(after === undefined ? [] : (['after', 'after-state'] as const)),
    ...(ifBrakes === undefined ? [] : (['stop', 'brakes'] as const)),
    ...(ifRevision === undefined ? [] : (['revision'] as const)),
  ];
}

/** Of the states that the caller allows, those from which core allows it. */
function allowedFrom({ from, to }: Pick<Transition, 'from' | 'to'>): readonly OperationState[] {
  return from.filter((state) => (state === to ? !isFinal(state) : OPERATION_TRANSITIONS[state].includes(to)));
}

/** Of the states that the caller allows, those from which core allows the step to go there. */
function allowedStepFrom(from: readonly StepState[], to: StepState): readonly StepState[] {
  return from.filter((state) => STEP_TRANSITIONS[state].includes(to));
}
