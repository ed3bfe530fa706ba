/** Whether the load balancer is told to send traffic: `yes`; known but not serving: `no`; unknown to it: `inactive`. */
export type Pooled = 'yes' | 'no' | 'inactive';

/** Kinds of DNS records in conftool: which data centres a service name, or a site's entry point, leads to. */
export type RecordType = 'discovery' | 'geodns';

/** The directory that one load-balanced service reads: one data centre, cluster and service tag of conftool. */
export interface PoolKey {
  /** Set for a DNS record: `service` is its name then, `cluster` its type, `dc` is `all`, and its "hosts" are data centres. */
  readonly record?: RecordType | undefined;
  readonly dc: string;
  readonly cluster: string;
  readonly service: string;
}

/** The address of one conftool object of type `node`. `host` is the fully qualified name. */
export interface NodeKey extends PoolKey {
  readonly host: string;
}

/** The weight of what has none: a discovery record leads somewhere or does not. */
export const WEIGHTLESS = -1;

/** What an object says. `weight` is a whole number; 0 is stored for hosts that never served, `WEIGHTLESS` stands for none. */
export interface NodeState {
  readonly pooled: Pooled;
  readonly weight: number;
}

/** An object as read: its state, the exact stored text, and the etcd index of its last change. */
export interface StoredNode {
  readonly key: NodeKey;
  readonly state: NodeState;
  readonly text: string;
  readonly modifiedIndex: number;
}

/** An object whose stored text is no valid node. `why` is for people. */
export interface MalformedNode {
  readonly key: NodeKey;
  readonly text: string;
  readonly modifiedIndex: number;
  readonly why: string;
}

/** All objects of one pool, read together with quorum, sorted by host. */
export interface Pool extends PoolKey {
  readonly nodes: readonly StoredNode[];
  readonly malformed: readonly MalformedNode[];
}

/** `eqiad/maps/kartotherian-k8s-ssl/maps1005.eqiad.wmnet`: one text per object, for maps and journals. */
export function nodePath(key: NodeKey): string {
  return `${poolPath(key)}/${key.host}`;
}

/** `eqiad/maps/kartotherian-k8s-ssl`; of a record `discovery/kartotherian`. */
export function poolPath(key: PoolKey): string {
  if (key.record !== undefined) return `${key.record}/${key.service}`;
  return `${key.dc}/${key.cluster}/${key.service}`;
}

/** Whether two keys are of one pool: what `poolPath` says of both, without the texts. */
export function isSamePool(a: PoolKey, b: PoolKey): boolean {
  if (a.record !== undefined || b.record !== undefined)
    return a.record === b.record && a.service === b.service;
  return a.service === b.service && a.dc === b.dc && a.cluster === b.cluster;
}

/** Whether two keys are of one object. */
export function isSameNode(a: NodeKey, b: NodeKey): boolean {
  return a.host === b.host && isSamePool(a, b);
}

/** `yes/10`, as plans and messages write a state; `yes` of what has no weight. */
export function stateText(state: NodeState): string {
  if (state.weight === WEIGHTLESS) return state.pooled;
  return `${state.pooled}/${String(state.weight)}`;
}

/** Whether two states are the same value. */
export function sameState(a: NodeState, b: NodeState): boolean {
  return a.pooled === b.pooled && a.weight === b.weight;
}

/** The key of a DNS record as a pool of data centres. */
export function recordKey(record: RecordType, name: string): PoolKey {
  return { record, dc: 'all', cluster: record, service: name };
}
