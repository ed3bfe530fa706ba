import { approvers } from '../approval.ts';
import type { NodeKey } from '../node.ts';
import type { Operation, ScaleOperation } from '../operation.ts';
import { isScale } from '../operation.ts';
import { nodeResults, objectResults } from '../progress.ts';
import type { SalEnd, SalRecord } from './record.ts';

/** More objects than this make a START line when the first write happens and an END line; fewer make one DONE line. */
const OBJECTS_IN_ONE_LINE = 10;

/** Whether the operation is long enough for a pair of lines. */
export function logsStart({ plan }: Pick<Operation, 'plan'>): boolean {
  return 'scales' in plan || plan.changes.length > OBJECTS_IN_ONE_LINE;
}

/** The line that says that a long operation begins. */
export function salStart(operation: Operation): SalRecord {
  return {
    ...head(operation),
    phase: 'start',
    end: undefined,
    hosts: isScale(operation) ? [] : hostsOf(operation.plan.changes),
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
  const durationMs = now - (operation.queuedAt ?? operation.createdAt);
  const phase = logsStart(operation) ? 'end' : 'done';
  if (isScale(operation)) return { ...head(operation), ...scaleResults(operation), phase, end, durationMs };
  const results = nodeResults(operation);
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
    phase,
    end,
    hosts,
    notDone,
    unknown,
    durationMs,
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

/** By cluster: a number that was set and that pods did not follow is not done. */
function scaleResults(operation: ScaleOperation): Pick<SalRecord, 'hosts' | 'notDone' | 'unknown'> {
  const results = objectResults(operation);
  const names = (...some: readonly string[]): readonly string[] =>
    results.filter(({ result }) => some.includes(result)).map(({ name }) => name);
  return { hosts: [], notDone: names('not done', 'partly done'), unknown: names('unknown') };
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
  | 'scale'
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
    planned: 'scales' in plan ? 0 : hostsOf(plan.changes).length,
    ...('scales' in plan ? { scale: scaleOf(plan) } : {}),
    requester: request.person,
    approvers: approvers(operation),
    ...(request.breakGlass === undefined ? {} : { brokeGlass: true }),
    reason: request.breakGlass?.reason ?? request.reason,
    tasks: request.tasks,
  };
}

function scaleOf({ scales }: ScaleOperation['plan']): SalRecord['scale'] {
  const [first] = scales;
  if (first === undefined) return undefined;
  const { namespace, deployment } = first.key;
  return {
    clusters: scales.map(({ key }) => key.cluster),
    namespace,
    deployment,
    from: scales.map(({ before }) => before),
    to: scales.map(({ after }) => after),
  };
}
