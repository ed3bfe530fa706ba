import type { ChangeGroup } from '../change-groups.ts';
import type { DepooledGroup } from '../depooled-groups.ts';
import type { Disagreement } from '../disagreements.ts';
import type { Fault } from '../fault.ts';
import type { PartHealth } from '../health.ts';
import type { NodeKey, NodeState } from '../node.ts';
import type { Lock } from '../lock.ts';
import type { BreakGlass, OperationState } from '../operation.ts';
import type { GroupShare, PlanNote, PoolView } from '../node-plan.ts';
import type { PlanSummary } from '../plan-summary.ts';
import type { ObjectResult } from '../progress.ts';
import type { RuleForPeople } from '../rules-for.ts';
import type { Obstacle } from '../scale/rollout.ts';

/** How an operation came to a stop, for the message that tells it. */
export type EndKind = 'done' | 'failed' | 'conflict' | 'held' | 'uncertain' | 'refused' | 'cancelled';

/** A pool in numbers, as read back after a write. */
export interface PoolNow {
  readonly dc: string;
  readonly service: string;
  readonly view: PoolView;
}

/** What metrics show of a pool, or why they show nothing. */
export type ObservedView =
  | {
      readonly kind: 'seen';
      readonly source: string;
      readonly at: number | undefined;
      readonly rps: number;
      readonly groups: readonly GroupShare[];
    }
  | { readonly kind: 'silent'; readonly cause: string };

/** Everything that Sluice can say, as facts. `word.ts` makes the sentences; nothing else does. */
export type Announcement =
  RequestAnnouncement | DecisionAnnouncement | OutcomeAnnouncement | AnswerAnnouncement | SystemAnnouncement;

/** Answers to somebody who asked for a change. */
export type RequestAnnouncement =
  | {
      readonly kind: 'refused';
      readonly nick: string;
      readonly fault: Fault;
      readonly hint: string | undefined;
    }
  | {
      readonly kind: 'nothing-to-do';
      readonly nick: string;
      readonly service: string;
      /** Hosts, or clusters where it is about the number of pods, and how they are. */
      readonly alreadySo: readonly { readonly name: string; readonly state: string }[];
      readonly verb: string;
    }
  | {
      readonly kind: 'waits';
      readonly nick: string;
      readonly id: string;
      readonly approvals: number;
      readonly plan: PlanSummary;
      readonly notes: readonly PlanNote[];
      readonly reactions: boolean;
      readonly expiresAt: number;
      readonly seen: readonly string[];
      /** Where it was asked in private: what everybody will read of it. */
      readonly publicLine?: string | undefined;
    }
  | {
      readonly kind: 'starts';
      readonly nick: string;
      readonly id: string;
      readonly plan: PlanSummary;
      readonly notes: readonly PlanNote[];
      readonly breakGlass: BreakGlass | undefined;
    }
  | {
      readonly kind: 'dry-run';
      readonly nick: string;
      readonly approvals: number;
      readonly plan: PlanSummary;
      readonly notes: readonly PlanNote[];
      /** Whether the journal answered: else a freeze, open operations and recent removals were not looked at. */
      readonly journal: boolean;
      readonly fault: Fault | undefined;
    }
  | {
      readonly kind: 'already-known';
      readonly nick: string;
      readonly id: string;
      readonly state: OperationState;
    }
  /** The audit log knows the line, and the journal has lost what it asked for. */
  | { readonly kind: 'forgotten'; readonly nick: string; readonly id: string }
  | {
      readonly kind: 'nothing-queued';
      readonly nick: string;
      readonly fault: Fault;
      readonly byHand: readonly string[];
      readonly more: number;
    }
  | { readonly kind: 'by-hand'; readonly line: string };

/** What somebody decided. */
export type DecisionAnnouncement =
  | {
      readonly kind: 'approved';
      readonly id: string;
      readonly person: string;
      readonly plan: PlanSummary;
      readonly missing: number;
      readonly ahead: string | undefined;
    }
  | { readonly kind: 'denied'; readonly id: string; readonly person: string }
  | {
      readonly kind: 'cancelled';
      readonly id: string;
      readonly person: string;
      readonly objects: readonly ObjectResult[];
      /** The line that asked for it was changed or removed. */
      readonly why: 'edited' | 'deleted' | undefined;
    }
  | { readonly kind: 'withdrawn'; readonly id: string; readonly person: string; readonly missing: number }
  | { readonly kind: 'expired'; readonly id: string; readonly why: 'no-approval' | 'no-start' }
  | {
      readonly kind: 'nudge';
      readonly id: string;
      readonly plan: PlanSummary;
      readonly missing: number;
      readonly asker: string;
      readonly seen: readonly string[];
      readonly expiresAt: number;
    }
  | { readonly kind: 'stopping'; readonly ids: readonly string[]; readonly person: string }
  | { readonly kind: 'resumed'; readonly id: string; readonly person: string; readonly left: number }
  | {
      readonly kind: 'settled';
      readonly id: string;
      readonly person: string;
      readonly state: OperationState;
      readonly objects: readonly ObjectResult[];
    }
  | { readonly kind: 'frozen'; readonly person: string; readonly reason: string }
  | {
      readonly kind: 'suspended';
      readonly person: string;
      readonly by: string;
      readonly reason: string;
      /** Operations of theirs that were cancelled, or will be held. */
      readonly ended: readonly string[];
    }
  | { readonly kind: 'unsuspended'; readonly person: string; readonly by: string; readonly reason: string }
  | { readonly kind: 'locked'; readonly lock: Lock }
  | {
      readonly kind: 'unlocked';
      readonly service: string;
      readonly person: string;
      readonly reason: string;
    }
  | { readonly kind: 'reviewed'; readonly id: string; readonly person: string; readonly asker: string }
  | { readonly kind: 'thawed'; readonly person: string; readonly reason: string };

/** How an operation goes and how it ended. */
export type OutcomeAnnouncement =
  | {
      readonly kind: 'progress';
      readonly id: string;
      readonly done: number;
      readonly of: number;
      /** Those that are done since the last such line. */
      readonly objects: readonly ObjectResult[];
      readonly readBackAt: number;
    }
  | {
      readonly kind: 'done';
      readonly id: string;
      readonly plan: PlanSummary;
      readonly tookMs: number;
      readonly readBackAt: number;
      readonly pools: readonly PoolNow[];
      /** Of a number of pods: how many are ready, by cluster. */
      readonly ready?: readonly { readonly cluster: string; readonly ready: number; readonly of: number }[];
    }
  /** How far pods have followed a number. */
  | {
      readonly kind: 'rollout';
      readonly id: string;
      readonly cluster: string;
      readonly ready: number;
      readonly of: number;
      readonly obstacle: Obstacle | undefined;
    }
  | {
      readonly kind: 'stopped-at';
      readonly end: Exclude<EndKind, 'done' | 'cancelled'>;
      readonly id: string;
      readonly plan: PlanSummary;
      readonly fault: Fault;
      readonly objects: readonly ObjectResult[];
      readonly byHand: readonly string[];
    }
  /** What it would do next cannot be journaled, for a while now. */
  | { readonly kind: 'journal-away'; readonly id: string; readonly fault: Fault }
  /** The journal has it no more, and did not end it: the server that knew it was lost. */
  | {
      readonly kind: 'lost';
      readonly id: string;
      readonly nick: string;
      /** That asked for it. */
      readonly line: string;
      readonly service: string;
      /** As it was heard of last. */
      readonly state: OperationState;
      readonly objects: readonly ObjectResult[];
    }
  | { readonly kind: 'continues'; readonly id: string; readonly left: number };

/** Answers to somebody who asked to know. */
export type AnswerAnnouncement =
  | {
      readonly kind: 'pool-status';
      readonly service: string;
      readonly dc: string;
      readonly cluster: string | undefined;
      readonly view: PoolView;
      readonly malformed: readonly string[];
      /** Undefined when no metrics are configured. */
      readonly observed: ObservedView | undefined;
      /** When it was asked, for the age of what metrics say. */
      readonly now: number;
    }
  | {
      readonly kind: 'pool-disagrees';
      readonly service: string;
      readonly dc: string;
      readonly disagreements: readonly Disagreement[];
    }
  | {
      readonly kind: 'pools-status';
      readonly pools: readonly { readonly service: string; readonly dc: string; readonly view: PoolView }[];
    }
  | {
      readonly kind: 'host-status';
      readonly host: string;
      readonly objects: readonly {
        readonly service: string;
        readonly state: NodeState | undefined;
        readonly why: string | undefined;
        /** What the load balancers say of it: `up on lvs1019`; undefined when none was asked. */
        readonly effective: string | undefined;
      }[];
    }
  /** How many pods there are in a cluster, and whether that is what helmfile's file declares. */
  | {
      readonly kind: 'deployment-status';
      readonly name: string;
      readonly cluster: string;
      readonly now:
        | {
            readonly wanted: number;
            readonly ready: number;
            readonly scaledBy: string | undefined;
            readonly autoscaler: { readonly min: number; readonly max: number } | undefined;
            readonly room: number | undefined;
          }
        | undefined;
      /** Why it could not be read, in words. */
      readonly cause: string | undefined;
      readonly declared:
        { readonly file: string; readonly key: string; readonly replicas: number | undefined } | undefined;
    }
  | { readonly kind: 'status-locked'; readonly lock: Lock }
  /** Operations that broke the glass and that nobody else has looked at. */
  | {
      readonly kind: 'unreviewed';
      readonly operations: readonly {
        readonly id: string;
        readonly person: string;
        readonly overrides: readonly string[];
      }[];
    }
  | { readonly kind: 'status-frozen'; readonly by: string; readonly reason: string; readonly at: number }
  | {
      readonly kind: 'last-change';
      readonly id: string;
      readonly state: OperationState;
      readonly person: string;
      readonly what: PlanSummary;
      readonly at: number;
    }
  | { readonly kind: 'no-change-known' }
  | { readonly kind: 'no-journal' }
  | {
      readonly kind: 'operation-line';
      readonly id: string;
      readonly state: OperationState;
      readonly person: string;
      readonly plan: PlanSummary;
      readonly at: number;
      readonly missing: number;
      readonly expiresAt: number | undefined;
    }
  | { readonly kind: 'change-line'; readonly group: ChangeGroup }
  | { readonly kind: 'no-changes'; readonly lastMs: number; readonly subject: string | undefined }
  | {
      readonly kind: 'why-line';
      readonly key: NodeKey;
      readonly state: NodeState;
      readonly origin: DepooledGroup['origin'];
      readonly effective: string | undefined;
      /** Requests per second; undefined when no metrics have it. */
      readonly rps: number | undefined;
    }
  | { readonly kind: 'depooled-line'; readonly group: DepooledGroup }
  | { readonly kind: 'nothing-depooled'; readonly olderMs: number | undefined }
  | {
      readonly kind: 'history-line';
      readonly id: string;
      readonly state: OperationState;
      readonly person: string;
      readonly approvers: readonly string[];
      readonly plan: PlanSummary;
      readonly at: number;
      readonly reason: string;
      readonly tasks: readonly string[];
    }
  | { readonly kind: 'no-history'; readonly subject: string | undefined }
  | {
      readonly kind: 'who-can';
      readonly command: string;
      readonly service: string;
      readonly state: string;
      readonly rules: readonly RuleForPeople[];
    }
  | { readonly kind: 'no-operations'; readonly lastEnded: string | undefined }
  | { readonly kind: 'more-lines'; readonly count: number; readonly command: string }
  | {
      readonly kind: 'operation-detail';
      readonly id: string;
      readonly state: OperationState;
      readonly person: string;
      readonly approvers: readonly string[];
      readonly line: string;
      readonly at: number;
      readonly endedAt: number | undefined;
      readonly plan: PlanSummary;
    }
  | { readonly kind: 'operation-objects'; readonly id: string; readonly objects: readonly ObjectResult[] }
  | { readonly kind: 'operation-fault'; readonly id: string; readonly fault: Fault }
  | { readonly kind: 'note'; readonly id: string | undefined; readonly note: PlanNote }
  | { readonly kind: 'help'; readonly names: readonly string[] }
  | {
      readonly kind: 'help-command';
      readonly usage: string;
      readonly summary: string;
      readonly example: string;
    }
  | {
      readonly kind: 'whoami';
      readonly nick: string;
      readonly person: string | undefined;
      readonly account: string | undefined;
      readonly roles: readonly string[];
    }
  | { readonly kind: 'health'; readonly parts: readonly PartHealth[] };

/** What Sluice says of itself. */
export type SystemAnnouncement =
  | { readonly kind: 'use-channel'; readonly channel: string }
  | { readonly kind: 'away'; readonly from: number; readonly to: number }
  /** Something was meant to be for a while only. */
  | {
      readonly kind: 'remind';
      readonly id: string;
      readonly person: string;
      readonly forMs: number;
      readonly what: PlanSummary;
      readonly again: boolean;
    }
  /** Whether hosts that were taken away still get requests: `rps` when they do. */
  | {
      readonly kind: 'drained';
      readonly id: string;
      readonly hosts: readonly string[];
      readonly balancers: readonly string[];
      readonly quietMs: number;
      readonly rps: number | undefined;
    }
  /** Sluice has frozen production by itself. */
  | { readonly kind: 'alert'; readonly id: string; readonly reason: string }
  | { readonly kind: 'policy-changed'; readonly lines: readonly string[] }
  | { readonly kind: 'policy-invalid'; readonly problem: string }
  | { readonly kind: 'log-refused'; readonly id: string; readonly answer: string }
  | {
      readonly kind: 'log-degraded';
      readonly by: string;
      readonly why: 'absent' | 'silent';
      readonly since: number;
    }
  | { readonly kind: 'log-restored'; readonly by: string };
