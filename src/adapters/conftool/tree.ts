import type { MalformedNode, NodeKey, Pool, PoolKey, RecordType, StoredNode } from '../../core/node.ts';
import { recordKey } from '../../core/node.ts';
import { parseStoredNode } from '../../core/stored-value.ts';
import type { EtcdNode } from './etcd-v2.ts';

/**
 * Whether a key names exactly one place of the tree. A part with a slash, or of dots only, would lead out of the directory that the scope was
 * compared with: no such object can exist, whatever a path made of it would reach.
 */
export function isPlace({ dc, cluster, service, ...rest }: PoolKey & { readonly host?: string }): boolean {
  return [dc, cluster, service, rest.host ?? 'host'].every(
    (part) => part !== '' && !part.includes('/') && !/^\.+$/.test(part),
  );
}

/** The pools below `pools_path`: dc / cluster / service / host. Whatever has another shape is none of ours. */
export function* poolsIn(root: EtcdNode): Generator<Pool> {
  for (const dc of directoriesIn(root)) {
    for (const cluster of directoriesIn(dc)) {
      for (const service of directoriesIn(cluster)) {
        const key = { dc: lastPart(dc), cluster: lastPart(cluster), service: lastPart(service) };
        yield poolOf(key, service);
      }
    }
  }
}

/** Objects as they were read last, by the key of etcd: one that is the same text at the same index is not read anew. */
export type KnownNodes = Map<string, StoredNode>;

/**
 * One pool from its directory; undefined is a directory that is not there.
 *
 * @param known of that pool; holds what the directory has afterwards, and nothing else.
 */
export function poolOf(pool: PoolKey, directory: EtcdNode | undefined, known: KnownNodes = new Map()): Pool {
  const { dc, cluster, service, record } = pool;
  const place: PoolKey = { dc, cluster, service, ...(record === undefined ? {} : { record }) };
  const nodes: StoredNode[] = [];
  const malformed: MalformedNode[] = [];
  const children = directory?.nodes ?? [];
  for (const child of children) {
    if (child.dir === true) continue;
    const { key, value: text = '', modifiedIndex } = child;
    const before = known.get(key);
    if (before?.modifiedIndex === modifiedIndex && before.text === text) {
      nodes.push(before);
      continue;
    }
    const nodeKey: NodeKey = { ...place, host: lastPart(child) };
    const node = parseStoredNode(nodeKey, text, modifiedIndex);
    if ('state' in node) {
      nodes.push(node);
      known.set(key, node);
    } else malformed.push(node);
  }
  if (known.size > nodes.length) forgetOthers(known, nodes);
  return { ...place, nodes, malformed };
}

function forgetOthers(known: KnownNodes, nodes: readonly StoredNode[]): void {
  const here = new Set(nodes);
  for (const [key, node] of known) if (!here.has(node)) known.delete(key);
}

/** The DNS records of one type: name / data centre. */
export function recordsIn(type: RecordType, root: EtcdNode): readonly Pool[] {
  return directoriesIn(root).map((record) => poolOf(recordKey(type, lastPart(record)), record));
}

function directoriesIn({ nodes }: EtcdNode): readonly EtcdNode[] {
  return (nodes ?? []).filter(({ dir }) => dir === true);
}

function lastPart({ key }: EtcdNode): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
