import type { NodeKey, NodeState, PoolKey } from './node.ts';

/** The verbs that a plan may carry out; `undo` puts back what another operation changed. */
export type Verb =
  | 'pool'
  | 'depool'
  | 'weight'
  | 'decommission'
  | 'repool'
  | 'route pool'
  | 'route depool'
  | 'route switch'
  | 'scale'
  | 'undo';

/** One object from a value to a value, with what the reader was shown. */
export interface Change {
  readonly key: NodeKey;
  readonly before: NodeState;
  /** The exact text and index that were shown: any other at the start is a conflict. */
  readonly beforeText: string;
  readonly beforeIndex: number;
  readonly after: NodeState;
  /** The states written one after the other; the last is `after`. */
  readonly path: readonly NodeState[];
}

/** What a plan does to one pool. Shares are fractions (0-1) of that pool's serving weight: of hosts that load balancers do not find down. */
export interface PoolEffect {
  readonly pool: PoolKey;
  readonly before: PoolView;
  readonly after: PoolView;
  /** The changed hosts' share together. */
  readonly shareBefore: number;
  readonly shareAfter: number;
  /** What each host that stays serves, relative to now: 1.5 when a third of the weight goes; undefined when nothing stays or nothing served. */
  readonly carryFactor: number | undefined;
  /** Percent of the serving weight that the plan takes away; 0 when it adds. */
  readonly removedPercent: number;
  /** Of a DNS record: the data centres that it leads to, and how long (seconds) clients may go on with what it said. */
  readonly leads?: {
    readonly before: readonly string[];
    readonly after: readonly string[];
    readonly ttl?: number | undefined;
  };
}

/** A pool in numbers. */
export interface PoolView {
  /** Hosts that are `yes`. */
  readonly serving: number;
  /** `yes` and `no`, and those that cannot be read. */
  readonly total: number;
  readonly weight: number;
  /** How many must serve: ceil(threshold x total). */
  readonly floor: number;
  /** Share per configured group of hosts, in the order of the configuration, as declared. */
  readonly groups: readonly GroupShare[];
  /** What the load balancers do with it; undefined when none was asked. */
  readonly effective?: EffectiveView | undefined;
}

/** The share (0-1) of a pool's traffic that a group of hosts carries. */
export interface GroupShare {
  readonly name: string;
  readonly share: number;
}

/** A pool as the load balancers have it. */
export interface EffectiveView {
  /** Hosts that are `yes` and up on each load balancer, in each service that the pool carries. */
  readonly serving: number;
  /** Hosts that are `yes` and are not. */
  readonly down: readonly string[];
  readonly groups: readonly GroupShare[];
  /** Those that were asked, and of them those that did not answer. */
  readonly balancers: readonly string[];
  readonly silent: readonly string[];
  readonly at: number;
}

/** Something a reader of the plan should know that is no reason to refuse. */
export type PlanNote =
  | { readonly kind: 'weight-raised'; readonly key: NodeKey; readonly to: number }
  | {
      readonly kind: 'inactive-since';
      readonly key: NodeKey;
      readonly by: string | undefined;
      readonly operation: string | undefined;
      readonly at: number | undefined;
    }
  /** The host carries something that stays where it is. */
  | { readonly kind: 'dependency'; readonly key: NodeKey; readonly of: string }
  /** What the host itself answered. `ok` undefined: it was not asked, and `text` says why. */
  | {
      readonly kind: 'probe';
      readonly key: NodeKey;
      readonly ok: boolean | undefined;
      readonly text: string;
    }
  /** How the nodes stand that are to be pooled, and the pods behind them. */
  | {
      readonly kind: 'cluster-nodes';
      readonly cluster: string;
      readonly deployment: string;
      readonly port: number;
      /** Ready, and taking new pods. */
      readonly good: readonly string[];
      readonly bad: readonly {
        readonly host: string;
        readonly why: 'not ready' | 'cordoned' | 'no node' | 'not looked at';
      }[];
      /** Undefined when no service has the port. */
      readonly readyPods: number | undefined;
      /** Why the cluster could not be asked. */
      readonly cause: string | undefined;
    }
  | { readonly kind: 'malformed-neighbour'; readonly key: NodeKey; readonly why: string }
  | {
      readonly kind: 'not-undone';
      readonly key: NodeKey;
      readonly now: NodeState | undefined;
      readonly left: NodeState;
    }
  /** The number of pods in a cluster is no longer the one that is to be put back. */
  | {
      readonly kind: 'number-not-undone';
      readonly cluster: string;
      readonly left: number;
      readonly now: number | undefined;
    };

/** How fast a plan is carried out. */
export interface Pace {
  readonly atOnce: number;
  readonly takeUp: boolean;
}

/** The ordered changes of conftool's objects, and what they do to traffic. */
export interface NodePlan {
  readonly verb: Verb;
  readonly service: string;
  /** `weight=N` as typed, for the log line; undefined when none was. */
  readonly weight: number | undefined;
  readonly changes: readonly Change[];
  /** Objects that are already as asked. */
  readonly alreadySo: readonly { readonly key: NodeKey; readonly state: NodeState }[];
  readonly effects: readonly PoolEffect[];
  readonly notes: readonly PlanNote[];
  /** How many objects of a pool are written at the same time, and whether the load balancers must follow before the next; absent: 1, and they must. */
  readonly pace?: Pace | undefined;
  /** Time that a host with weight 1 is given before it goes to `no`; milliseconds. */
  readonly drainMs?: number | undefined;
  /** Every service of one host was meant: `!repool` looks for these. */
  readonly everyService?: boolean | undefined;
  /** When to remind that it was meant to be for a while only; milliseconds after its end. */
  readonly forMs?: number | undefined;
  /** Of an undo: the operation that it puts back and what that was. */
  readonly undoes: { readonly id: string; readonly verb: Verb } | undefined;
}
