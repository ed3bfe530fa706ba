import type { Catalogue } from './catalogue.ts';
import { serviceTags, tagOfCatalogueName } from './catalogue.ts';
import { nearest } from './nearest.ts';
import { placesOf } from './host-places.ts';
import type { MalformedNode, Pool, StoredNode } from './node.ts';
import { poolPath } from './node.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** What the asker named: hosts as typed, one service, and how to tell equal names apart. */
export interface TargetRequest {
  readonly names: readonly string[];
  readonly service: string;
  readonly dc: string | undefined;
  readonly cluster: string | undefined;
}

/**
 * Finds the exact objects that were named. A short name must mean one object of the service after `dc` and `cluster`.
 *
 * @param pools every pool of the service.
 * @param services every service tag that exists, for suggestions.
 * @returns objects in the order named, each once; the Fault of the first name that means none, several, or an object whose value is malformed.
 */
export function resolveTargets(
  request: TargetRequest,
  known: {
    readonly pools: readonly Pool[];
    readonly catalogue: Catalogue;
    readonly services: readonly string[];
  },
): Result<readonly StoredNode[]> {
  const { service } = request;
  if (known.pools.length === 0) return fail(serviceFault(service, known));
  const pools = known.pools.filter(
    (pool) => (request.dc ?? pool.dc) === pool.dc && (request.cluster ?? pool.cluster) === pool.cluster,
  );
  const found = new Map<string, StoredNode>();
  for (const name of request.names) {
    const node = resolveOne(name, service, pools);
    if (!node.ok) return node;
    found.set(`${poolPath(node.value.key)}/${node.value.key.host}`, node.value);
  }
  return ok([...found.values()]);
}

function resolveOne(name: string, service: string, pools: readonly Pool[]): Result<StoredNode> {
  const means = ({ key: { host } }: MalformedNode): boolean => host === name || host.split('.')[0] === name;
  const nodes = pools.flatMap((pool) =>
    placesOf(pool.nodes, name).flatMap((place) => pool.nodes[place] ?? []),
  );
  const malformed = pools.flatMap((pool) => pool.malformed.filter(means));
  const bad = malformed[0];
  const [node, ...others] = nodes;
  if (nodes.length + malformed.length > 1) {
    const candidates = [...nodes, ...malformed].map(({ key }) => `${key.host} (${key.dc}/${key.cluster})`);
    return fail({ kind: 'host-ambiguous', host: name, service, candidates });
  }
  if (bad !== undefined)
    return fail({ kind: 'object-malformed', key: bad.key, text: bad.text, why: bad.why });
  if (node === undefined || others.length > 0) {
    const hosts = pools.flatMap((pool) => pool.nodes.map(({ key }) => key.host));
    return fail({ kind: 'host-unknown', host: name, service, nearest: nearestHosts(name, hosts) });
  }
  return ok(node);
}

/** The nearest names, short as people type them unless a domain was typed. */
function nearestHosts(name: string, hosts: readonly string[]): readonly string[] {
  if (name.includes('.')) return nearest(name, hosts);
  return nearest(name, [...new Set(hosts.map((host) => host.split('.')[0] ?? host))]);
}

/** A service tag that conftool has no objects for: by another name, or by none. */
export function serviceFault(
  service: string,
  known: { readonly catalogue: Catalogue; readonly services: readonly string[] },
):
  | { readonly kind: 'service-tag-differs'; service: string; tag: string; alsoBehind: readonly string[] }
  | { readonly kind: 'service-unknown'; service: string; nearest: readonly string[] } {
  const other = tagOfCatalogueName(known.catalogue, service);
  if (other !== undefined && other.tag !== service) {
    return { kind: 'service-tag-differs', service, tag: other.tag, alsoBehind: other.entries };
  }
  const tags = [...new Set([...known.services, ...serviceTags(known.catalogue)])];
  return { kind: 'service-unknown', service, nearest: nearest(service, tags) };
}
