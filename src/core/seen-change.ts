import type { NodeKey, NodeState } from './node.ts';

/** A write of anybody's that was seen in conftool. etcd keeps no time and no name. */
export interface SeenChange {
  readonly key: NodeKey;
  /** Undefined: it was not there, or could not be read. */
  readonly before: NodeState | undefined;
  readonly after: NodeState | undefined;
  readonly modifiedIndex: number;
  /** When it was seen. `isLate`: found after an absence, so it was made some time before that. */
  readonly at: number;
  readonly isLate: boolean;
}

/** The same, with who made it as far as anybody knows. */
export interface AttributedChange extends SeenChange {
  readonly by: Attribution;
}

/** Whose a write was. */
export type Attribution =
  | {
      readonly kind: 'operation';
      readonly id: string;
      readonly person: string;
      readonly reason: string;
      readonly tasks: readonly string[];
      /** When it was meant to end; undefined when it was not meant to. */
      readonly until: number | undefined;
    }
  /** Not ours; a line of the log that speaks of the host was said about then. */
  | { readonly kind: 'logged'; readonly by: string; readonly text: string }
  | { readonly kind: 'unknown' };
