import type { Operation, OperationState } from '../../core/operation.ts';
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
import { patchFields, readOperation, stepFields, stepStateField } from './records.ts';
import { addRemovalTo } from './removals.ts';

/** Longer than any window of a limit in a policy is likely to be. */
const WRITES_KEPT_MS = 86_400_000;

/** The first guards, by number, of which the found values are told when the transition is refused. */
const SCHEMA_GUARD = 1;
const STATE_GUARD = 2;

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
  const { id, to, at, epoch, takeOver, patch = {}, steps = [], removals = [] } = transition;
  const key = KEYS.operation(id);
  const change = newChange(key);
  change.guard('field-in', key, 'schema', '1');
  change.guard('field-in', key, 'state', ...allowedFrom(transition));
  if (epoch !== undefined) change.guard('field-in', key, 'epoch', String(epoch));
  for (const { from, record } of steps) {
    change.guard('field-in', key, stepStateField(record.index), ...allowedStepFrom(from, record.state));
  }

  change.fields(key, { ...patchFields(patch), state: to, touchedAt: String(at) });
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

/** The operation after it, or why not. */
export function transitionResult(transition: Transition, reply: ChangeReply): Result<Operation> {
  const { id } = transition;
  if (reply.kind === 'done') {
    const operation = readOperation(id, reply.fields);
    if (!operation.ok) return operation;
    if (operation.value !== undefined) return { ok: true, value: operation.value };
  } else if (reply.guard === SCHEMA_GUARD) {
    return fail({ kind: 'schema-unknown', id, schema: reply.found[0] ?? '' });
  }
  const state = reply.kind === 'refused' ? (reply.found[STATE_GUARD - 1] ?? '') : 'unknown';
  return fail({ kind: 'transition-refused', id, state, why: whyRefused(transition, reply) });
}

function whyRefused({ to, epoch, steps = [] }: Transition, reply: ChangeReply): string {
  if (reply.kind === 'done') return 'it is gone';
  if (reply.guard === STATE_GUARD) return `it cannot become ${to} from there`;
  const found = reply.found[reply.guard - 1] ?? '';
  if (epoch !== undefined && reply.guard === STATE_GUARD + 1)
    return `another worker has it: start ${found}, not ${String(epoch)}`;
  const place = reply.guard - STATE_GUARD - (epoch === undefined ? 0 : 1) - 1;
  const record = steps[place]?.record;
  return `step ${String(record?.index)} is ${found} and cannot become ${String(record?.state)}`;
}

/** Of the states that the caller allows, those from which core allows it. */
function allowedFrom({ from, to }: Pick<Transition, 'from' | 'to'>): readonly OperationState[] {
  return from.filter((state) => (state === to ? !isFinal(state) : OPERATION_TRANSITIONS[state].includes(to)));
}

/** Of the states that the caller allows, those from which core allows the step to go there. */
function allowedStepFrom(from: readonly StepState[], to: StepState): readonly StepState[] {
  return from.filter((state) => STEP_TRANSITIONS[state].includes(to));
}
