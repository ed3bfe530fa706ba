import type { NodeKey, NodeState } from './node.ts';

/** A write of anybody's that was seen in conftool. etcd keeps no time and no name: both are what Sluice knows of it. */
export interface SeenChange {
  readonly key: NodeKey;
  /** Undefined: it was not there, or was not a node. */
  readonly before: NodeState | undefined;
  readonly after: NodeState | undefined;
  readonly modifiedIndex: number;
  /** When it was seen. After an absence that is later than when it was made, and `isLate`. */
  readonly at: number;
  readonly isLate: boolean;
  /** Our operation that wrote it, when it was ours. */
  readonly operation: string | undefined;
  readonly person: string | undefined;
  /** A log line of the channel that speaks of the host at that time, by whom it was said. */
  readonly logged: string | undefined;
}
