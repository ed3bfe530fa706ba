import type { NodeKey, NodeState, PoolKey } from './node.ts';
import type { Obstacle } from './scale/rollout.ts';

/**
 * Every failure that Sluice expects, as facts. The sentences are in `announcement/`; `cause` is for the log only.
 * A fault never says "nothing was changed" by itself: the place that words it knows what had been written.
 */
export type Fault =
  | TypingFault
  | NamingFault
  | PermissionFault
  | GuardFault
  | DecisionFault
  | ConftoolFault
  | StoreFault
  | ClusterFault
  | ScaleFault
  | MetricsFault
  | ChatFault;

/** What is wrong with the line that was typed. `usage` is the line to type instead. */
type TypingFault =
  | { readonly kind: 'duration-invalid'; readonly text: string }
  | { readonly kind: 'quote-open'; readonly quote: string }
  | { readonly kind: 'character-refused'; readonly text: string; readonly codePoint: string }
  | { readonly kind: 'range-invalid'; readonly text: string; readonly why: string }
  | { readonly kind: 'hosts-too-many'; readonly count: number; readonly most: number }
  | { readonly kind: 'command-unknown'; readonly name: string; readonly nearest: readonly string[] }
  | { readonly kind: 'argument-missing'; readonly argument: string; readonly usage: string }
  | {
      readonly kind: 'argument-invalid';
      readonly argument: string;
      readonly text: string;
      readonly why: string;
      readonly usage: string;
    }
  | {
      readonly kind: 'option-unknown';
      readonly option: string;
      readonly nearest: readonly string[];
      readonly usage: string;
    }
  | { readonly kind: 'option-twice'; readonly option: string; readonly usage: string }
  | { readonly kind: 'text-unexpected'; readonly text: string; readonly usage: string };

/** A name that stands for nothing, or for too much. */
type NamingFault =
  | { readonly kind: 'service-unknown'; readonly service: string; readonly nearest: readonly string[] }
  /** A catalogue name whose conftool tag is another (thumbor is `kubesvc`): who else stands behind that tag. */
  | {
      readonly kind: 'service-tag-differs';
      readonly service: string;
      readonly tag: string;
      readonly alsoBehind: readonly string[];
    }
  | {
      readonly kind: 'host-unknown';
      readonly host: string;
      readonly service: string;
      readonly nearest: readonly string[];
    }
  | {
      readonly kind: 'host-ambiguous';
      readonly host: string;
      readonly service: string;
      readonly candidates: readonly string[];
    }
  | { readonly kind: 'record-unknown'; readonly record: string; readonly nearest: readonly string[] }
  /** Only one data centre may be active at a time: the other goes with it. */
  | { readonly kind: 'record-wants-switch'; readonly record: string; readonly dcs: readonly string[] }
  | { readonly kind: 'nothing-to-repool'; readonly host: string }
  | { readonly kind: 'one-host-only'; readonly count: number }
  | { readonly kind: 'nobody-called'; readonly person: string; readonly nearest: readonly string[] }
  | { readonly kind: 'subject-unknown'; readonly subject: string; readonly nearest: readonly string[] }
  | { readonly kind: 'operation-unknown'; readonly id: string; readonly nearest: readonly string[] };

/** Why this person may not. */
export type PermissionFault =
  | {
      readonly kind: 'person-unknown';
      readonly account: string | undefined;
      readonly nick: string;
      readonly transport: string;
    }
  /** The network itself says that this account is not one of us: a guest, another team. */
  | { readonly kind: 'account-refused'; readonly nick: string; readonly why: string }
  /** A group that gives a role could not be read: nobody has the role then. */
  | { readonly kind: 'group-unread'; readonly role: string; readonly cause: string }
  /** The rule has no approvals by console. */
  | { readonly kind: 'console-approval'; readonly id: string }
  /** Asker and approver must be on different networks. */
  | { readonly kind: 'same-network'; readonly id: string; readonly network: string }
  | { readonly kind: 'suspended'; readonly person: string; readonly by: string; readonly reason: string }
  | { readonly kind: 'role-missing'; readonly person: string; readonly need: readonly string[] }
  /** The rule wants more chat networks than there are. */
  | {
      readonly kind: 'networks-missing';
      readonly need: number;
      readonly have: number;
    }
  | {
      readonly kind: 'no-rule';
      readonly command: string;
      readonly service: string;
      readonly state: string;
      readonly hosts: number;
    }
  | { readonly kind: 'break-glass-refused'; readonly command: string; readonly number: number }
  | { readonly kind: 'break-glass-spent'; readonly person: string; readonly times: number }
  | { readonly kind: 'pace-refused'; readonly command: string; readonly number: number }
  | {
      readonly kind: 'limit-person';
      readonly person: string;
      readonly writes: number;
      readonly most: number;
      readonly perMs: number;
    }
  | {
      readonly kind: 'limit-waiting';
      readonly person: string;
      readonly waiting: number;
      readonly most: number;
    }
  | {
      readonly kind: 'limit-everybody';
      readonly objects: number;
      readonly most: number;
      readonly perMs: number;
    }
  | { readonly kind: 'own-request'; readonly id: string; readonly missing: number }
  | { readonly kind: 'already-approved'; readonly id: string; readonly missing: number }
  | { readonly kind: 'own-review'; readonly id: string }
  | { readonly kind: 'not-locked'; readonly service: string; readonly locked: readonly string[] }
  | { readonly kind: 'not-approved-by-you'; readonly id: string }
  | { readonly kind: 'asker-only'; readonly id: string; readonly asker: string; readonly command: string }
  | { readonly kind: 'approvals-missing'; readonly id: string; readonly have: number; readonly need: number }
  | { readonly kind: 'forged'; readonly id: string; readonly what: string };

/** A guard rail: what no plan may do, with its numbers. */
export type GuardFault =
  | {
      readonly kind: 'floor';
      readonly dc: string;
      readonly service: string;
      readonly serving: number;
      readonly total: number;
      readonly floor: number;
      readonly now: number;
      /** Hosts that are declared `yes` and that load balancers find down: they count for nothing. */
      readonly down: readonly string[];
    }
  /** A load balancer that does not answer: what serves is not known, so nothing is taken away. */
  | {
      readonly kind: 'balancer-silent';
      readonly dc: string;
      readonly service: string;
      readonly balancers: readonly { readonly balancer: string; readonly cause: string }[];
    }
  /** Pooled, it would be enabled and down: below the threshold it would even be sent traffic. */
  | { readonly kind: 'down-on-balancer'; readonly key: NodeKey; readonly balancers: readonly string[] }
  | {
      readonly kind: 'probe-failed';
      readonly failures: readonly {
        readonly host: string;
        readonly service: string;
        readonly text: string;
      }[];
    }
  /** Written and read back; the load balancers did not follow in time. */
  | {
      readonly kind: 'not-taken-up';
      readonly key: NodeKey;
      readonly to: NodeState;
      readonly balancers: readonly string[];
      readonly afterMs: number;
    }
  | { readonly kind: 'last-host'; readonly dc: string; readonly service: string; readonly host: string }
  | { readonly kind: 'last-data-centre'; readonly record: string; readonly dc: string }
  /** Where a record would lead to, too little serves. */
  | {
      readonly kind: 'receiver-below-floor';
      readonly record: string;
      readonly dc: string;
      readonly service: string;
      readonly serving: number;
      readonly total: number;
      readonly floor: number;
    }
  | {
      readonly kind: 'share-removed';
      readonly dc: string;
      readonly service: string;
      readonly percent: number;
      readonly most: number;
      readonly earlierPercent: number;
    }
  | { readonly kind: 'weight-zero'; readonly key: NodeKey }
  | { readonly kind: 'weight-range'; readonly key: NodeKey; readonly weight: number }
  | { readonly kind: 'step-illegal'; readonly key: NodeKey; readonly from: NodeState; readonly to: NodeState }
  | { readonly kind: 'outside-scope'; readonly at: PoolKey; readonly scope: string }
  | { readonly kind: 'object-malformed'; readonly key: NodeKey; readonly text: string; readonly why: string }
  | { readonly kind: 'in-flight'; readonly key: NodeKey; readonly operation: string; readonly state: string }
  /** What would be taken away could not be logged, for too long. */
  | { readonly kind: 'log-down'; readonly since: number }
  | { readonly kind: 'frozen'; readonly by: string; readonly reason: string; readonly at: number }
  | {
      readonly kind: 'locked';
      readonly service: string;
      readonly by: string;
      readonly reason: string;
      readonly at: number;
      readonly until: number | undefined;
    }
  | { readonly kind: 'stop-file'; readonly path: string }
  | { readonly kind: 'not-undoable'; readonly id: string; readonly state: string; readonly why: string }
  | {
      readonly kind: 'changed-since';
      readonly key: NodeKey;
      readonly shown: NodeState;
      readonly shownIndex: number;
      readonly now: NodeState | undefined;
      readonly nowIndex: number | undefined;
    };

/** A decision that comes too late, or for something that does not wait. */
type DecisionFault =
  | { readonly kind: 'not-waiting'; readonly id: string; readonly state: string; readonly command: string }
  | { readonly kind: 'expired'; readonly id: string; readonly at: number }
  | { readonly kind: 'plan-differs'; readonly id: string }
  | { readonly kind: 'interrupted'; readonly id: string; readonly forMs: number }
  | { readonly kind: 'stopped'; readonly id: string; readonly by: string }
  | { readonly kind: 'shutting-down' };

/** What etcd or conftool answered in place of an answer. */
export type ConftoolFault =
  /** No connection to any endpoint: nothing was sent. */
  | { readonly kind: 'conftool-unreachable'; readonly endpoints: readonly string[]; readonly cause: string }
  /** Connected, but etcd has no leader or did not answer a read in time. */
  | { readonly kind: 'conftool-no-quorum'; readonly cause: string }
  /** This side denies writing (the passive data centre's proxy). */
  | { readonly kind: 'conftool-read-only'; readonly endpoint: string }
  | { readonly kind: 'conftool-forbidden'; readonly user: string; readonly path: string }
  | { readonly kind: 'conftool-no-v2'; readonly endpoint: string }
  | { readonly kind: 'conftool-unexpected'; readonly status: number; readonly text: string }
  | { readonly kind: 'object-absent'; readonly key: NodeKey }
  /** The object is no longer at the expected index: nothing was written. */
  | {
      readonly kind: 'compare-failed';
      readonly key: NodeKey;
      readonly expectedIndex: number;
      readonly foundIndex: number;
    }
  /** The write was sent and no answer came: it may or may not have happened, now or later. */
  | {
      readonly kind: 'write-unknown';
      readonly key: NodeKey;
      readonly cause: string;
      readonly forMs: number;
      readonly tries: number;
    }
  /** The write was answered, the read after it shows something else. */
  | {
      readonly kind: 'read-back-differs';
      readonly key: NodeKey;
      readonly wanted: NodeState;
      readonly found: NodeState | undefined;
    };

/** What Redis answered in place of an answer. */
type StoreFault =
  | { readonly kind: 'store-unreachable'; readonly cause: string }
  | { readonly kind: 'store-refuses'; readonly cause: string }
  | { readonly kind: 'transition-refused'; readonly id: string; readonly state: string; readonly why: string }
  /** A freeze, a lock, a stop came, or went, between looking and writing. */
  | { readonly kind: 'brakes-moved'; readonly id: string }
  | { readonly kind: 'schema-unknown'; readonly id: string; readonly schema: string }
  | { readonly kind: 'audit-failed'; readonly cause: string };

/** What a Kubernetes cluster answered in place of an answer. */
export type ClusterFault =
  /** Who we are is not believed: a token that is wrong or over. */
  | { readonly kind: 'cluster-unauthorized'; readonly cluster: string }
  | { readonly kind: 'cluster-forbidden'; readonly cluster: string; readonly what: string }
  | { readonly kind: 'cluster-absent'; readonly cluster: string; readonly what: string }
  /** Not as it was seen: nothing was done. */
  | { readonly kind: 'cluster-conflict'; readonly cluster: string }
  | { readonly kind: 'cluster-invalid'; readonly cluster: string; readonly status: number }
  | { readonly kind: 'cluster-busy'; readonly cluster: string; readonly afterMs: number }
  /** No answer: nothing was asked, or nothing was written by it. */
  | { readonly kind: 'cluster-silent'; readonly cluster: string; readonly cause: string }
  /** A write was sent and no answer came: it may have been done. */
  | { readonly kind: 'cluster-unclear'; readonly cluster: string; readonly cause: string };

/** What is the matter with the number of pods of a deployment. `deployment` is the name that people type. */
export type ScaleFault =
  | {
      readonly kind: 'deployment-unknown';
      readonly name: string;
      readonly nearest: readonly string[];
      /** Whether any is configured. */
      readonly hasAny: boolean;
    }
  | { readonly kind: 'cluster-unknown'; readonly cluster: string; readonly known: readonly string[] }
  | {
      readonly kind: 'scale-range';
      readonly deployment: string;
      readonly cluster: string;
      readonly wanted: number;
      readonly min: number;
      readonly max: number;
    }
  /** An autoscaler sets the number: ours would be undone within seconds. */
  | {
      readonly kind: 'scale-autoscaled';
      readonly deployment: string;
      readonly cluster: string;
      readonly autoscaler: string;
      readonly min: number;
      readonly max: number;
    }
  /** More than may go at once; `least` is what may be asked for instead. */
  | {
      readonly kind: 'scale-cut';
      readonly deployment: string;
      readonly cluster: string;
      readonly before: number;
      readonly after: number;
      readonly least: number;
      readonly mostPercent: number;
    }
  /** Fewer than the highest load of the last day wants, with room. */
  | {
      readonly kind: 'scale-below-peak';
      readonly deployment: string;
      readonly cluster: string;
      readonly before: number;
      readonly after: number;
      readonly least: number;
      readonly peakRps: number;
      readonly needs: number;
      readonly rpsPerPod: number;
      readonly headroom: number;
    }
  /** Not the deployment, or not the number, that was shown: nothing was written. */
  | {
      readonly kind: 'scale-moved';
      readonly deployment: string;
      readonly cluster: string;
      readonly shown: number;
      readonly now: number;
      /** Who set it, where the API server knows. */
      readonly by: string | undefined;
      readonly isReplaced: boolean;
    }
  /** Ours was written, and somebody set another meanwhile. */
  | {
      readonly kind: 'scale-overridden';
      readonly deployment: string;
      readonly cluster: string;
      readonly wanted: number;
      readonly now: number;
      readonly by: string | undefined;
    }
  /** Ours was written, and pods did not follow in time. */
  | {
      readonly kind: 'scale-incomplete';
      readonly deployment: string;
      readonly cluster: string;
      readonly wanted: number;
      readonly ready: number;
      readonly afterMs: number;
      readonly obstacle: Obstacle;
    }
  /** It may or may not be written. */
  | {
      readonly kind: 'scale-unknown';
      readonly deployment: string;
      readonly cluster: string;
      readonly wanted: number;
      readonly cause: string;
    };

/** What metrics answered in place of an answer. */
interface MetricsFault {
  readonly kind: 'metrics-silent';
  readonly dc: string;
  readonly cause: string;
}

/** What a chat network answered in place of an answer. */
type ChatFault =
  | { readonly kind: 'chat-down'; readonly transport: string; readonly cause: string }
  | {
      readonly kind: 'chat-refused';
      readonly transport: string;
      readonly channel: string;
      readonly cause: string;
    };
