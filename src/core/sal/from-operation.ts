import { approvers } from '../approval.ts';
import type { NodeKey } from '../node.ts';
import type { Operation } from '../operation.ts';
import { objectResults } from '../progress.ts';
import type { SalEnd, SalRecord } from './record.ts';

/** More objects than this make a START line when the first write happens and an END line; fewer make one DONE line. */
const OBJECTS_IN_ONE_LINE = 10;

/** Whether the operation is long enough for a pair of lines. */
export function logsStart(operation: Pick<Operation, 'plan'>): boolean {
  return operation.plan.changes.length > OBJECTS_IN_ONE_LINE;
}

/** The line that says that a long operation begins. */
export function salStart(operation: Operation): SalRecord {
  return {
    ...head(operation),
    phase: 'start',
    end: undefined,
    hosts: hostsOf(operation.plan.changes),
    notDone: [],
    unknown: [],
    durationMs: undefined,
  };
}

/**
 * The line that says what came of an operation, host by host.
 *
 * @param end PASS only when every object is done and read back; ERROR when a write's outcome is unknown.
 */
export function salEnd(operation: Operation, end: SalEnd, now: number): SalRecord {
  const results = objectResults(operation);
  const unknown = hostsOf(results.filter(({ result }) => result === 'unknown'));
  const notDone = hostsOf(
    results.filter(({ result }) => result === 'not done' || result === 'partly done'),
  ).filter((host) => !unknown.includes(host));
  // A host with objects in several services is done when all of them are.
  const open = [...unknown, ...notDone];
  const hosts = hostsOf(results.filter(({ result }) => result === 'done')).filter(
    (host) => !open.includes(host),
  );
  return {
    ...head(operation),
    phase: logsStart(operation) ? 'end' : 'done',
    end,
    hosts,
    notDone,
    unknown,
    durationMs: now - (operation.queuedAt ?? operation.createdAt),
  };
}

/** The line as it will be when all goes well, without who approves and how long it takes: for whom it is shown to beforehand. */
export function salPreview(operation: Operation): SalRecord {
  return {
    ...salStart(operation),
    phase: logsStart(operation) ? 'end' : 'done',
    end: 'PASS',
  };
}

/** Each host once, in the order of the plan. */
function hostsOf(objects: readonly { readonly key: NodeKey }[]): readonly string[] {
  return [...new Set(objects.map(({ key }) => key.host))];
}

function head(
  operation: Operation,
): Pick<
  SalRecord,
  | 'operation'
  | 'verb'
  | 'weight'
  | 'undoes'
  | 'service'
  | 'planned'
  | 'requester'
  | 'approvers'
  | 'brokeGlass'
  | 'reason'
  | 'tasks'
> {
  const { plan, request } = operation;
  return {
    operation: operation.id,
    verb: plan.verb,
    weight: plan.weight,
    undoes: plan.undoes,
    service: plan.service,
    planned: hostsOf(plan.changes).length,
    requester: request.person,
    approvers: approvers(operation),
    ...(request.breakGlass === undefined ? {} : { brokeGlass: true }),
    reason: request.breakGlass?.reason ?? request.reason,
    tasks: request.tasks,
  };
}
