import type { NodeKey, NodeState, Pool, PoolKey, StoredNode } from '../core/node.ts';
import type { Result } from '../core/result.ts';
import type { WriteOrigin } from '../core/write-origin.ts';

/** An object that somebody changed, as the watch saw it. States are undefined where there was none, or none that can be read. */
export interface ObjectChange {
  readonly key: NodeKey;
  readonly before: NodeState | undefined;
  readonly after: NodeState | undefined;
  readonly modifiedIndex: number;
  /** Found by comparing after an absence: it was made some time before, perhaps in several writes. */
  readonly isLate: boolean;
}

/** Something that goes on until it is closed. */
export interface Watch {
  close(): void;
}

/** What a write left behind: the stored text and the index of that change. */
export interface Written {
  readonly text: string;
  readonly modifiedIndex: number;
  /** Its pool after that, where it was asked for and this driver can: the object itself by a quorum read, and the others as they were at that moment. */
  readonly pool?: Promise<Result<Pool>>;
}

/** How a write is made. */
export interface WriteOptions {
  /** With its pool, read directly after it. Its answer waits for nothing but the write. */
  readonly andRead?: boolean;
}

/** The first change of an object after an index: it tells whose write came first when an answer was lost. */
export type FirstChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'changed'; readonly text: string; readonly modifiedIndex: number }
  | { readonly kind: 'deleted'; readonly modifiedIndex: number }
  /** etcd keeps 1000 events; this one is older. */
  | { readonly kind: 'forgotten' };

/**
 * conftool's objects of the types `node`, `discovery` and `geodns`, as declared in etcd. Every read is a quorum read, or is what one would have answered.
 *
 * Errors of every method: the variants of `ConftoolFault`; each call ends within its own bound.
 */
export interface Conftool {
  /** Every pool that carries this service tag, in all data centres and clusters, sorted; `[]` when there is none. */
  poolsOfService(service: string): Promise<Result<readonly Pool[]>>;

  /**
   * The same as the watch has seen it, perhaps a moment ago: to think ahead with while it is being read. What is unchanged by then is the very same object there.
   * undefined when that is not known.
   */
  seen(service: string): readonly Pool[] | undefined;

  /** The same of one pool. */
  seenPool(key: PoolKey): Pool | undefined;

  /** One pool, read itself, or one DNS record as a pool of data centres. What does not exist has no nodes. */
  pool(key: PoolKey): Promise<Result<Pool>>;

  /** Every pool of the tree: for answers about a host or about everything. */
  allPools(): Promise<Result<readonly Pool[]>>;

  /** Every DNS record, as pools of data centres, by type and name. */
  records(): Promise<Result<readonly Pool[]>>;

  /**
   * Compare-and-swap: writes the named fields over `from`, keeping its other fields and their order, if the object is still at
   * `from.modifiedIndex`. A write that was sent and not answered is the Fault `write-unknown`, never a success or a failure.
   *
   * @param origin for the audit record that every write leaves; it decides nothing.
   */
  write(
    from: StoredNode,
    set: Partial<NodeState>,
    origin: WriteOrigin,
    options?: WriteOptions,
  ): Promise<Result<Written>>;

  /** What happened to the object first after `index`. Waits at most half a second for an event that is not there. */
  firstChangeAfter(key: NodeKey, index: number): Promise<Result<FirstChange>>;

  /** Tells of every change of every object from now on, whoever makes it. */
  watch(heard: (changes: readonly ObjectChange[]) => void): Watch;

  /** One cheap read, for health: the fault when production cannot be read. */
  ping(): Promise<Result<void>>;

  close(): Promise<void>;
}
