import type { Lock } from './lock.ts';
import type { Operation, OperationState, Request, Vote } from './operation.ts';
import { isFinal, OPERATION_TRANSITIONS } from './operation.ts';
import type { RuleApplied } from './authorization.ts';
import type { Plan } from './plan.ts';
import { plannedWork, withSteps } from './progress.ts';

/** One line of audit.log, as the story needs it. `at` in milliseconds. */
export interface AuditFact {
  readonly op: string | undefined;
  readonly event: string;
  readonly person: string | undefined;
  readonly data: unknown;
  readonly at: number;
}

/** What audit.log tells of how things stand: the second copy, for when nobody else can be asked. */
export interface AuditStory {
  /** Oldest first. Votes and requests have no signature: the log does not hold them. */
  readonly operations: readonly Operation[];
  readonly locks: readonly Lock[];
  readonly freeze: { readonly by: string; readonly reason: string; readonly at: number } | undefined;
  /** Ids of operations that broke the glass and that nobody else has looked at. */
  readonly unreviewed: readonly string[];
}

/** Retells the log from its beginning. Lines that another version wrote, and that cannot be understood, are passed over. */
export function retell(facts: readonly AuditFact[]): AuditStory {
  const operations = new Map<string, Operation>();
  const locks = new Map<string, Lock>();
  const reviewed = new Set<string>();
  let freeze: AuditStory['freeze'];
  for (const fact of facts) {
    const { op, event, at, person = '' } = fact;
    const data = mapping(fact.data);
    if (op === undefined) {
      if (event === 'freeze') freeze = { by: person, reason: textOf(data['reason']), at };
      else if (event === 'thaw') freeze = undefined;
      else if (event === 'locked' && typeof data['service'] === 'string')
        // As it was set: see `lock` in decide-brakes.
        locks.set(data['service'], data as unknown as Lock);
      else if (event === 'unlocked') locks.delete(textOf(data['service']));
      continue;
    }
    if (event === 'frozen') freeze = { by: person, reason: textOf(data['reason']), at };
    if (event === 'reviewed') reviewed.add(op);
    const known = operations.get(op);
    const after = known === undefined ? created(op, event, data, at) : told(known, { ...fact, op }, data);
    if (after !== undefined) operations.set(op, after);
  }
  const all = [...operations.values()];
  return {
    operations: all,
    locks: [...locks.values()],
    freeze,
    unreviewed: all
      .filter(({ id, request }) => request.breakGlass !== undefined && !reviewed.has(id))
      .map(({ id }) => id),
  };
}

/** As the journal gets them back: what had not ended is uncertain, whatever it was doing. Somebody settles it by reading. */
export function forJournal(operations: readonly Operation[]): readonly Operation[] {
  return operations.map((operation) =>
    isFinal(operation.state) ? operation : { ...operation, state: 'uncertain' },
  );
}

function created(
  id: string,
  event: string,
  data: Readonly<Record<string, unknown>>,
  at: number,
): Operation | undefined {
  const { request, plan, planHash, rule } = data;
  if (event !== 'queued' && event !== 'awaiting-approval') return undefined;
  if (typeof planHash !== 'string' || !isMapping(request) || !isMapping(plan) || !isMapping(rule))
    return undefined;
  const applied = rule as unknown as RuleApplied;
  return {
    schema: '1',
    id,
    state: event,
    request: request as unknown as Request,
    ...plannedWork(plan as unknown as Plan),
    planHash,
    signature: '',
    rule: applied,
    createdAt: at,
    expiresAt: at + applied.expiresMs,
    nudgedAt: undefined,
    queuedAt: event === 'queued' ? at : undefined,
    startedAt: undefined,
    endedAt: undefined,
    touchedAt: at,
    epoch: 0,
    votes: [],
    stopRequestedBy: undefined,
    fault: undefined,
    viewId: undefined,
  };
}

function told(
  operation: Operation,
  { event, person = '', at }: AuditFact,
  data: Readonly<Record<string, unknown>>,
): Operation {
  const touched: Operation = { ...operation, touchedAt: at };
  switch (event) {
    case 'approve':
    case 'deny':
      // `cast` is noted before it is counted: when it was not, a second line says so.
      if (data['outcome'] === 'counted' || data['outcome'] === 'cast')
        return voted(touched, { person, event, at }, data);
      return data['was'] === 'cast' ? withoutVote(operation, person) : operation;
    case 'withdrawn':
      return { ...touched, votes: operation.votes.filter((vote) => vote.person !== person) };
    case 'intent': {
      const { step, ...rest } = data;
      const intent = Object.fromEntries(
        Object.entries(rest).filter(([name]) => name !== 'key' && name !== 'to'),
      );
      return { ...withStep(touched, step, { state: 'intent', intent }), state: 'running' };
    }
    case 'written':
      return withStep(touched, data['step'], { result: data['result'] });
    case 'step-done':
    case 'done':
      return ended(
        stepsOf(data).reduce<Operation>(
          (sum, { step, result }) => withStep(sum, step, { state: 'done', result }),
          touched,
        ),
        event === 'done' ? 'done' : 'running',
        at,
      );
    case 'settled':
      return ended(
        stepsOf(data).reduce<Operation>(
          (sum, { step, state, result }) => withStep(sum, step, { state, result }),
          touched,
        ),
        stateOf(data['to']) ?? 'failed',
        at,
      );
    case 'resumed':
    case 'running':
    case 'taken-over':
      return { ...touched, state: 'running' };
    default: {
      const state = stateOf(event);
      if (state === undefined) return operation;
      const stopped = stepsOf(data).reduce<Operation>(
        (sum, one) => withStep(sum, one['step'], { state: one['state'], result: one['result'] }),
        touched,
      );
      return ended(stopped, state, at);
    }
  }
}

function withoutVote(operation: Operation, name: string): Operation {
  const votes = operation.votes.filter(({ person }) => person !== name);
  return { ...operation, votes, ...(operation.state === 'queued' ? { state: 'awaiting-approval' } : {}) };
}

function voted(
  operation: Operation,
  { person, event, at }: { readonly person: string; readonly event: 'approve' | 'deny'; readonly at: number },
  data: Readonly<Record<string, unknown>>,
): Operation {
  const vote: Vote = {
    person,
    verdict: event,
    planHash: textOf(data['planHash']),
    eventKey: textOf(data['eventKey']),
    transport: textOf(data['transport']),
    at,
    signature: '',
  };
  const votes = [...operation.votes.filter((one) => one.person !== person), vote];
  const enough = votes.filter(({ verdict }) => verdict === 'approve').length >= operation.rule.approvals;
  const isQueued = operation.state === 'awaiting-approval' && enough;
  return { ...operation, votes, ...(isQueued ? { state: 'queued', queuedAt: at } : {}) };
}

function ended(operation: Operation, state: OperationState, at: number): Operation {
  return { ...operation, state, ...(isFinal(state) ? { endedAt: at } : {}) };
}

function withStep(
  operation: Operation,
  index: unknown,
  change: Readonly<Record<string, unknown>>,
): Operation {
  const step = operation.steps.find((one) => one.index === index);
  // What is put in was written from such a step.
  return step === undefined ? operation : withSteps(operation, [{ ...step, ...change }]);
}

/** Of conftool's objects a list, of a number the one step itself. */
function stepsOf(data: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  if ('step' in data) return [data];
  const { steps } = data;
  return Array.isArray(steps) ? steps.filter(isMapping) : [];
}

function stateOf(text: unknown): OperationState | undefined {
  return typeof text === 'string' && text in OPERATION_TRANSITIONS ? (text as OperationState) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return { steps: value };
  return isMapping(value) ? value : {};
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
