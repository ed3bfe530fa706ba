/** Whether the load balancer is told to send traffic: `yes`; known but not serving: `no`; unknown to it: `inactive`. */
export type Pooled = 'yes' | 'no' | 'inactive';

/** The directory that one load-balanced service reads: one data centre, cluster and service tag of conftool. */
export interface PoolKey {
  readonly dc: string;
  readonly cluster: string;
  readonly service: string;
}

/** The address of one conftool object of type `node`. `host` is the fully qualified name. */
export interface NodeKey extends PoolKey {
  readonly host: string;
}

/** What an object of type `node` says. `weight` is a whole number; 0 is stored for hosts that never served. */
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

/** `eqiad/maps/kartotherian-k8s-ssl`. */
export function poolPath(key: PoolKey): string {
  return `${key.dc}/${key.cluster}/${key.service}`;
}

/** `yes/10`, as plans and messages write a state. */
export function stateText(state: NodeState): string {
  return `${state.pooled}/${String(state.weight)}`;
}

/** Whether two states are the same value. */
export function sameState(a: NodeState, b: NodeState): boolean {
  return a.pooled === b.pooled && a.weight === b.weight;
}
