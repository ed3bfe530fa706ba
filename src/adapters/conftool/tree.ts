import type { MalformedNode, Pool, PoolKey, RecordType, StoredNode } from '../../core/node.ts';
import { sharePlaces } from '../../core/host-places.ts';
import { recordKey } from '../../core/node.ts';
import { parseStoredNode } from '../../core/stored-value.ts';
import type { EtcdNode } from './etcd-node.ts';

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

/**
 * One pool from its directory; undefined is a directory that is not there.
 *
 * @param before as it was known: an object that is the same text at the same index is not read anew, nor is the pool when all of them are.
 */
export function poolOf(pool: PoolKey, directory: EtcdNode | undefined, before?: Pool): Pool {
  const { dc, cluster, service, record } = pool;
  const place: PoolKey = { dc, cluster, service, ...(record === undefined ? {} : { record }) };
  const nodes: StoredNode[] = [];
  const malformed: MalformedNode[] = [];
  const old = before?.nodes ?? [];
  // Both are sorted: whoever was there stands where it stood, until somebody comes or goes.
  let hasSameHosts = true;
  let isSame = before?.malformed.length === 0;
  for (const child of directory?.nodes ?? []) {
    if (child.dir === true) continue;
    const { key, value: text = '', modifiedIndex } = child;
    const was = old[nodes.length];
    const host = was !== undefined && isOf(key, was) ? was.key.host : lastPart(child);
    if (was?.key.host === host && was.modifiedIndex === modifiedIndex && was.text === text) {
      nodes.push(was);
      continue;
    }
    isSame = false;
    const node = parseStoredNode({ ...place, host }, text, modifiedIndex);
    if ('state' in node) {
      if (was?.key.host !== host) hasSameHosts = false;
      nodes.push(node);
    } else malformed.push(node);
  }
  if (before !== undefined && isSame && nodes.length === old.length) return before;
  if (hasSameHosts && nodes.length === old.length) sharePlaces(old, nodes);
  return { ...place, nodes, malformed };
}

/** Whether a key of etcd ends with the host of a node. */
function isOf(key: string, { key: { host } }: StoredNode): boolean {
  return key.endsWith(host) && key[key.length - host.length - 1] === '/';
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
