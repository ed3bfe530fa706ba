import type { Catalogue } from '../core/catalogue.ts';
import type { Command } from '../core/command.ts';
import type { PartHealth } from '../core/health.ts';
import type { FaultPoints } from '../core/fault-point.ts';
import type { GroupRule } from '../core/groups.ts';
import type { Person } from '../core/people.ts';
import type { Dependency } from '../core/dependency.ts';
import type { Place } from '../core/place.ts';
import type { Policy } from '../core/policy.ts';
import type { ProbeMode } from '../core/probe.ts';
import type { DeploymentSettings } from '../core/scale/facts.ts';
import type { Scope } from '../core/scope.ts';
import type { Log } from '../observe/log.ts';
import type { Audit } from '../ports/audit.ts';
import type { Chat } from '../ports/chat.ts';
import type { Clock } from '../ports/clock.ts';
import type { Conftool } from '../ports/conftool.ts';
import type { Kubernetes } from '../ports/kubernetes.ts';
import type { LoadBalancers } from '../ports/load-balancers.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Prober } from '../ports/prober.ts';
import type { Queue } from '../ports/queue.ts';
import type { StopFile } from '../ports/stop-file.ts';
import type { Store } from '../ports/store.ts';
import type { Voice } from './voice.ts';

/** What the configuration says, as values. People and policy are functions: they are read again on SIGHUP. */
export interface Settings {
  readonly commands: readonly Command[];
  readonly catalogue: Catalogue;
  readonly groups: readonly GroupRule[];
  readonly scope: Scope;
  readonly people: () => readonly Person[];
  readonly policy: () => Policy;
  /** How many chat networks are configured. */
  readonly networks: number;
  /** Every configured channel, also of networks that this process is not on. */
  readonly places: readonly Place[];
  /** Roles that groups of a network give, by the network. */
  readonly groupRoles: Readonly<Record<string, readonly string[]>>;
  /** Never in Redis, never in a log. */
  readonly signingKey: string;
  /** Where the Server Admin Log listens; `acknowledgedBy` is the account of the bot that answers, when there is one. */
  readonly sal: {
    readonly transport: string;
    readonly channel: string;
    readonly acknowledgedBy: string | undefined;
    /** This host, where a relay says the lines and their author is a person of a host; then `acknowledgedBy` is the relay itself. */
    readonly relayHost?: string | undefined;
  };
  /** How long the load balancers have to follow a write. Milliseconds. */
  readonly takeUpMs: number;
  /** Whether a host must be seen to serve before it is pooled; undefined: the configuration says nothing of it, and nor do plans. */
  readonly probeMode: ProbeMode | undefined;
  /** What hosts also carry, that nobody would see in conftool. */
  readonly dependencies: readonly Dependency[];
  /** Deployments that people may scale. */
  readonly deployments: readonly DeploymentSettings[];
  /** What helmfile's file declares for one of them, read now; undefined without such a file, or when it cannot be read. */
  readonly declaredReplicas: (name: string) => Promise<number | undefined>;
  readonly bounds: AppBounds;
  /** The operation that a message asked for before this process began, as the audit log knows: also when the journal has lost it. */
  readonly heardBefore: (eventKey: string) => string | undefined;
  /** A new id for the message that asked; a later attempt when the store said `taken`. */
  readonly operationId: (seed: string, attempt: number) => string;
}

/** How long things may take, in milliseconds, and how many at once. */
interface AppBounds {
  /** Questions that are read for and answered at the same time. */
  readonly questionsAtOnce: number;
  /** An approved operation that has not written by then expires. */
  readonly startWithinMs: number;
  /** An operation that nobody has touched for so long, and that does not run here, is taken over from whoever had it. */
  readonly orphanedAfterMs: number;
  /** A batch that was interrupted for longer is held. */
  readonly interruptedMs: number;
  /** Commands older than this never run. */
  readonly oldestCommandMs: number;
  /** Tries to learn what became of a write. */
  readonly writeTries: number;
  /** Wait between such tries. */
  readonly writeRetryMs: number;
  /** Wait for the acknowledgement of a log line before the next is sent. */
  readonly logPaceMs: number;
  /** The sliding window of removed capacity. */
  readonly removalWindowMs: number;
  /** People who spoke in this time are "seen lately". */
  readonly seenLatelyMs: number;
}

/** Everything that the story needs: ports to act through, settings to decide by. Opened and closed by main. */
export interface Parts {
  readonly conftool: Conftool;
  readonly loadBalancers: LoadBalancers;
  /** Undefined when no clusters are configured. */
  readonly kubernetes: Kubernetes | undefined;
  readonly metrics: Metrics;
  readonly prober: Prober;
  readonly store: Store;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly clock: Clock;
  /** None in a process that only writes. */
  readonly chats: readonly Chat[];
  readonly voice: Voice;
  readonly stopFile: StopFile;
  readonly log: Log;
  readonly faultPoint: FaultPoints;
  readonly settings: Settings;
  /** How every part is doing, asked now. */
  readonly health: () => Promise<readonly PartHealth[]>;
}
