import type { Operation, OperationPatch, Vote } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { StepRecord } from '../../core/step.ts';
import type { OutboxRow, StoredRow } from '../../ports/store.ts';

/** A hash as Redis gives it: what is absent reads as undefined. */
export type Fields = Readonly<Record<string, string | undefined>>;

const SCHEMA = '1';

/** How each field of a hash is read back. Steps and votes have a field each, `step:N` and `vote:PERSON`. */
const JSON_FIELDS = ['request', 'plan', 'rule', 'fault'] as const;
const NUMBER_FIELDS = [
  'createdAt',
  'expiresAt',
  'nudgedAt',
  'queuedAt',
  'startedAt',
  'endedAt',
  'touchedAt',
  'epoch',
] as const;
const TEXT_FIELDS = ['schema', 'id', 'state', 'planHash', 'signature', 'stopRequestedBy', 'viewId'] as const;

type Field = (typeof JSON_FIELDS)[number] | (typeof NUMBER_FIELDS)[number] | (typeof TEXT_FIELDS)[number];

/** An operation as a hash. */
export function operationFields(operation: Operation): Fields {
  const votes = operation.votes.map((vote) => [voteField(vote.person), JSON.stringify(vote)] as const);
  const steps = operation.steps.flatMap((step) => Object.entries(stepFields(step)));
  return { ...patchFields(operation), ...Object.fromEntries([...steps, ...votes]) };
}

/** Some fields of an operation as fields of a hash: undefined for those to be deleted. */
export function patchFields(patch: OperationPatch | Operation): Fields {
  const known = new Set<string>([...JSON_FIELDS, ...NUMBER_FIELDS, ...TEXT_FIELDS]);
  const entries = Object.entries(patch).filter(([name]) => known.has(name)) as [Field, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      value === undefined || (JSON_FIELDS as readonly string[]).includes(name)
        ? JSON.stringify(value)
        : String(value as string | number),
    ]),
  );
}

/** `step:N` is the record; its state stands beside it, where a script can compare it. */
export function stepFields(step: StepRecord): Fields {
  return { [stepField(step.index)]: JSON.stringify(step), [stepStateField(step.index)]: step.state };
}

/** The name of a step's record. */
function stepField(index: number): string {
  return `step:${String(index)}`;
}

/** The name of a step's state. */
export function stepStateField(index: number): string {
  return `${stepField(index)}:state`;
}

/** The name of a person's vote. */
export function voteField(person: string): string {
  return `vote:${person}`;
}

/**
 * Reads an operation.
 *
 * @returns undefined when there is none; Fault `schema-unknown` for what another version wrote, or what cannot be read.
 */
export function readOperation(id: string, fields: Fields): Result<Operation | undefined> {
  if (Object.keys(fields).length === 0) return ok(undefined);
  const schema = fields['schema'] ?? '';
  if (schema !== SCHEMA) return fail({ kind: 'schema-unknown', id, schema });
  try {
    return ok(parseOperation(fields));
  } catch (error) {
    return fail({ kind: 'schema-unknown', id, schema: `${schema}, damaged: ${String(error)}` });
  }
}

function parseOperation(fields: Fields): Operation {
  const read: Record<string, unknown> = {};
  for (const name of TEXT_FIELDS) read[name] = fields[name];
  for (const name of NUMBER_FIELDS)
    read[name] = fields[name] === undefined ? undefined : Number(fields[name]);
  for (const name of JSON_FIELDS) read[name] = parse(fields[name]);
  const steps: StepRecord[] = [];
  const votes: Vote[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (/^step:\d+$/.test(name)) steps.push(parse(value) as StepRecord);
    else if (name.startsWith('vote:')) votes.push(parse(value) as Vote);
  }
  steps.sort((a, b) => a.index - b.index);
  votes.sort(byTime);
  // Written by `operationFields` of this schema; what somebody else put there is found by its signature.
  return { ...read, steps, votes } as unknown as Operation;
}

/** Votes in the order they were cast; a hash keeps none. */
function byTime(a: Vote, b: Vote): number {
  return a.at - b.at || (a.person < b.person ? -1 : 1);
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

/** A row as a hash. */
export function rowFields(row: OutboxRow): Fields {
  return { schema: SCHEMA, row: JSON.stringify(row), state: 'pending' };
}

/** Reads a row; undefined for one that is gone, or that another version wrote. */
export function readRow(fields: Fields): StoredRow | undefined {
  if (fields['row'] === undefined || fields['schema'] !== SCHEMA) return undefined;
  const row = JSON.parse(fields['row']) as OutboxRow;
  const sentAt = fields['sentAt'];
  return {
    ...row,
    state: fields['state'] as StoredRow['state'],
    sentAt: sentAt === undefined ? undefined : Number(sentAt),
    note: fields['note'],
  };
}
