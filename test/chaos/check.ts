import type { NodeOperation } from '../../src/core/operation.ts';
import { isFinal, linesOf } from '../../src/core/operation.ts';
import { nodePath } from '../../src/core/node.ts';
import type { Intent, NodeStep } from '../../src/core/step.ts';
import type { EtcdEvent } from '../lab/etcd-events.ts';
import type { Evidence } from './evidence.ts';

/** What an intent in the audit log says. */
type AuditedIntent = Intent & { readonly step: number; readonly key: NodeStep['key'] };

/**
 * Holds a history against what must never happen, whoever was killed when.
 *
 * @returns each problem in words; none when all is well.
 */
export function findProblems(evidence: Evidence): readonly string[] {
  return [
    ...lostOperations(evidence),
    ...strangeWrites(evidence),
    ...unapprovedWrites(evidence),
    ...wrongResults(evidence),
    ...wrongLogLines(evidence),
    ...wrongOrder(evidence),
    ...(evidence.brokenChain === undefined ? [] : [`audit.log: ${evidence.brokenChain}`]),
  ];
}

/** What Sluice wrote for an operation, in the order of etcd. */
function writesOf(evidence: Evidence, operation: NodeOperation): readonly EtcdEvent[] {
  const steps = operation.steps.filter(({ intent }) => intent !== undefined);
  return bySluice(evidence).filter((event) => steps.some((step) => belongs(event, step)));
}

/** Each request is one operation at most, each that was acknowledged is in the journal, and each has come to its end. */
function lostOperations({ asked, acknowledged, operations }: Evidence): readonly string[] {
  const ids = new Set(operations.map(({ id }) => id));
  return [
    ...acknowledged.filter((id) => !ids.has(id)).map((id) => `${id} was acknowledged and is lost`),
    ...asked
      .filter((tag) => operations.filter(({ request }) => request.reason === tag).length > 1)
      .map((tag) => `${tag} was asked once and is several operations`),
    ...operations
      .filter(({ state }) => !isFinal(state))
      .map(({ id, state }) => `${id} has not ended: it is ${state}`),
  ];
}

/** Each write swaps exactly what an audited intent names, once, and what stood there was shown to the people. */
function strangeWrites(evidence: Evidence): readonly string[] {
  const intents = evidence.audit
    .filter(({ event }) => event === 'intent')
    .map(({ op, data }) => ({ op, ...(data as AuditedIntent) }));
  const used = new Set<string>();
  return bySluice(evidence).flatMap((event) => {
    const what = `${event.path} at ${String(event.index)}`;
    const over = event.before !== undefined && evidence.human.has(event.before.index);
    const intent = intents.find(
      (one) =>
        pathOf(one.key) === event.path &&
        one.targetText === event.text &&
        one.expectedIndex === event.before?.index,
    );
    if (intent === undefined) {
      const wanted = intents.some((one) => pathOf(one.key) === event.path && one.targetText === event.text);
      if (!wanted) return [`${what}: written without an intent`];
      return [
        over ? `${what}: a human's change was written over` : `${what}: not over the index of its intent`,
      ];
    }
    const problems: string[] = [];
    const step = `${String(intent.op)} step ${String(intent.step)}`;
    if (used.has(step)) problems.push(`${what}: ${step} was written twice`);
    used.add(step);
    if (event.action !== 'compareAndSwap') problems.push(`${what}: ${event.action} in place of a swap`);
    if (intent.at > event.seenAt) problems.push(`${what}: written before its intent`);
    const operation = evidence.operations.find(({ id }) => id === intent.op);
    const journaled = operation?.steps.find(({ index }) => index === intent.step);
    if (journaled?.intent?.expectedIndex !== intent.expectedIndex)
      problems.push(`${what}: the journal knows no such intent of ${step}`);
    else if (over && !wasShown(operation, journaled, event))
      problems.push(`${what}: a human's change was written over`);
    return problems;
  });
}

/** What the plan showed, and what people agreed to. */
function wasShown(operation: NodeOperation | undefined, { key }: NodeStep, { before }: EtcdEvent): boolean {
  const change = operation?.plan.changes.find((one) => nodePath(one.key) === nodePath(key));
  return change !== undefined && change.beforeIndex === before?.index;
}

/** Who asked does not count; each other counts once. */
function unapprovedWrites(evidence: Evidence): readonly string[] {
  return evidence.operations.flatMap((operation) => {
    const { id, request, rule, votes } = operation;
    if (writesOf(evidence, operation).length === 0) return [];
    const people = new Set(
      votes
        .filter(({ verdict, person }) => verdict === 'approve' && person !== request.person)
        .map(({ person }) => person),
    );
    return people.size < rule.approvals ? [`${id} was written with ${String(people.size)} approvals`] : [];
  });
}

/** The journal says of each step what etcd saw. */
function wrongResults(evidence: Evidence): readonly string[] {
  return evidence.operations.flatMap((operation) =>
    operation.steps.flatMap((step) => {
      const event = bySluice(evidence).find((one) => belongs(one, step));
      const name = `${operation.id} step ${String(step.index)}`;
      if (step.state === 'done' && event?.index !== step.result?.modifiedIndex)
        return [`${name} is done at ${String(step.result?.modifiedIndex)}, etcd has ${String(event?.index)}`];
      // Found changed since by somebody else, a step that was written may be called a conflict.
      const changed = evidence.events.some(({ path, index }) => path === event?.path && index > event.index);
      return step.state !== 'done' && event !== undefined && !changed
        ? [`${name} was written at ${String(event.index)} and is ${step.state}`]
        : [];
    }),
  );
}

/** What changed production has its line, nothing else has, and each is in the channel once. */
function wrongLogLines(evidence: Evidence): readonly string[] {
  return evidence.operations.flatMap((operation) => {
    const { id } = operation;
    const rows = evidence.logRows.filter(({ op }) => op === id);
    const ends = rows.filter(({ key }) => /:log(?:-end)?$/.test(key));
    const lines = evidence.logLines.filter((line) => line.includes(`[${id}]`));
    const again = rows.filter(({ key }) => evidence.unnoted.has(key)).length;
    const wrote = writesOf(evidence, operation).length > 0;
    const problems: string[] = [];
    if (wrote && rows.length === 0) problems.push(`${id} changed production and has no log line`);
    if (!wrote && ends.length > 0) problems.push(`${id} changed nothing and has a log line`);
    if (lines.length < rows.length)
      problems.push(`${id}: ${String(rows.length - lines.length)} log lines are missing`);
    if (lines.length > rows.length + again)
      problems.push(`${id}: ${String(lines.length)} log lines in place of ${String(rows.length)}`);
    return problems;
  });
}

/** On one service, what was approved first was written first; what was held stands behind those that went on. */
function wrongOrder(evidence: Evidence): readonly string[] {
  const held = new Set(evidence.audit.filter(({ event }) => event === 'held').map(({ op }) => op));
  const spans = evidence.operations
    .filter(({ id }) => !held.has(id))
    .map((operation) => ({ operation, indexes: writesOf(evidence, operation).map(({ index }) => index) }))
    .filter(({ indexes }) => indexes.length > 0);
  return spans.flatMap(({ operation, indexes }) =>
    spans
      .filter(
        (later) =>
          linesOf(later.operation.request).some((line) => linesOf(operation.request).includes(line)) &&
          queuedAt(later.operation) > queuedAt(operation) &&
          Math.min(...later.indexes) < Math.max(...indexes),
      )
      .map((later) => `${later.operation.id} was approved after ${operation.id} and written before it`),
  );
}

function queuedAt({ queuedAt: at, createdAt }: NodeOperation): number {
  return at ?? createdAt;
}

function bySluice({ events, human }: Evidence): readonly EtcdEvent[] {
  return events.filter(({ index }) => !human.has(index));
}

function belongs(event: EtcdEvent, { key, intent }: NodeStep): boolean {
  return (
    intent !== undefined &&
    pathOf(key) === event.path &&
    event.before?.index === intent.expectedIndex &&
    event.text === intent.targetText
  );
}

function pathOf(key: NodeStep['key']): string {
  return `pools/${nodePath(key)}`;
}

/** What happened in some histories, in numbers: a run in which nothing happens shows nothing. */
export function countOf(histories: readonly Evidence[]): Readonly<Record<string, number>> {
  const operations = histories.flatMap((evidence) => evidence.operations);
  const inState = (wanted: string): number => operations.filter(({ state }) => state === wanted).length;
  const events = histories.flatMap((evidence) =>
    evidence.events.map(({ index }) => evidence.human.has(index)),
  );
  return {
    histories: histories.length,
    operations: operations.length,
    done: inState('done'),
    conflicts: inState('conflict'),
    'taken over': histories.flatMap(({ audit }) => audit).filter(({ event }) => event === 'taken-over')
      .length,
    writes: events.filter((byHuman) => !byHuman).length,
    'writes by the human': events.filter((byHuman) => byHuman).length,
    'log lines': histories.flatMap(({ logRows }) => logRows).length,
    'log lines killed before they were noted': new Set(histories.flatMap(({ unnoted }) => [...unnoted])).size,
  };
}
