import { strict as assert } from 'node:assert';
import type { MalformedNode, NodeKey, NodeState, Pooled, StoredNode } from './node.ts';
import { WEIGHTLESS } from './node.ts';
import type { PythonJson } from './python-json.ts';
import { parsePythonJson, writePythonJson } from './python-json.ts';

const POOLED: readonly string[] = ['yes', 'no', 'inactive'] satisfies readonly Pooled[];
/** conftool's built-in type `node`: its fields in the order of the schema, with their defaults. */
const SCHEMA: Readonly<Record<keyof NodeState, PythonJson>> = {
  weight: { kind: 'number', text: '0', isInteger: true },
  pooled: { kind: 'string', value: 'inactive' },
};

/** How long (seconds) resolvers keep what a discovery record says; undefined when it does not say. */
export function recordTtl(text: string): number | undefined {
  const fields = readFields(text);
  const ttl = typeof fields === 'string' ? undefined : fields.get('ttl');
  return ttl?.kind === 'number' ? Number(ttl.text) : undefined;
}

/**
 * Reads the stored text of a node or of a DNS record.
 *
 * A field that is missing reads as the schema's default, as confctl does. A weight that is no JSON integer is malformed: PyBal would drop the host
 * without a word, though confctl would repair it.
 */
export function parseStoredNode(
  key: NodeKey,
  text: string,
  modifiedIndex: number,
): StoredNode | MalformedNode {
  const malformed = (why: string): MalformedNode => ({ key, text, modifiedIndex, why });
  const fields = readFields(text);
  if (typeof fields === 'string') return malformed(fields);
  // Seen with 6.1.0: confctl says of it that it does not exist, and refuses to write it.
  if (fields.size === 0)
    return malformed('it is empty, which conftool takes for an object that is not there');
  if (key.record === 'discovery') {
    const pooled = fields.get('pooled');
    if (pooled?.kind !== 'literal' || pooled.value === null) return malformed('pooled is not true or false');
    return { key, text, modifiedIndex, state: { pooled: pooled.value ? 'yes' : 'no', weight: WEIGHTLESS } };
  }
  if (key.record === 'geodns' && !(fields.has('pooled') && fields.has('weight')))
    return malformed('pooled or weight is missing');
  const pooled = fields.get('pooled') ?? SCHEMA.pooled;
  if (pooled.kind !== 'string' || !POOLED.includes(pooled.value))
    return malformed('pooled is not yes, no or inactive');
  const weight = fields.get('weight') ?? SCHEMA.weight;
  if (weight.kind !== 'number' || !weight.isInteger) return malformed('the weight is not a whole number');
  const number = Number(weight.text);
  if (number < 0 || !Number.isSafeInteger(number)) return malformed('the weight is out of range');
  return { key, text, modifiedIndex, state: { pooled: pooled.value as Pooled, weight: number } };
}

/**
 * The text that conftool would store after setting these fields: the order found and unknown keys are kept, missing fields of the schema are
 * appended with their default.
 *
 * @throws SyntaxError when `text` is no JSON object: only texts that `parseStoredNode` could read are merged. AssertionError for a weight that is no
 * whole number: no guard rail lets one through.
 */
export function mergeStoredValue(text: string, set: Partial<NodeState>): string {
  const found = readFields(text);
  if (typeof found === 'string') throw new SyntaxError(found);
  const fields = new Map(found);
  // A discovery record: true or false, no weight, and fields of its own.
  if (found.get('pooled')?.kind === 'literal') {
    if (set.pooled !== undefined) fields.set('pooled', { kind: 'literal', value: set.pooled === 'yes' });
    return writePythonJson({ kind: 'object', fields });
  }
  for (const [name, fallback] of Object.entries(SCHEMA)) {
    if (!fields.has(name)) fields.set(name, fallback);
  }
  if (set.weight !== undefined) {
    assert(Number.isSafeInteger(set.weight) && set.weight >= 0, 'a weight that is no whole number');
    fields.set('weight', { kind: 'number', text: String(set.weight), isInteger: true });
  }
  if (set.pooled !== undefined) fields.set('pooled', { kind: 'string', value: set.pooled });
  return writePythonJson({ kind: 'object', fields });
}

function readFields(text: string): ReadonlyMap<string, PythonJson> | string {
  try {
    const value = parsePythonJson(text);
    return value.kind === 'object' ? value.fields : 'it is no JSON object';
  } catch (error) {
    return `it is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
