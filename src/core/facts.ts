import type { BalancedPool } from './balanced-pool.ts';
import type { Catalogue } from './catalogue.ts';
import type { Dependency } from './dependency.ts';
import type { PartHealth } from './health.ts';
import type { GroupRule } from './groups.ts';
import type { Lock } from './lock.ts';
import type { Pool, PoolKey, StoredNode } from './node.ts';
import type { Observed } from './observed.ts';
import type { Operation } from './operation.ts';
import type { Person } from './people.ts';
import type { Policy } from './policy.ts';
import type { Result } from './result.ts';
import type { ScaleFacts } from './scale/facts.ts';
import type { Scope } from './scope.ts';
import type { AttributedChange, Attribution } from './seen-change.ts';

/** What must be read before a command can be planned or answered. */
export type Reads =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'service'; readonly service: string }
  /** Every pool that has one of these hosts, named short or in full. */
  | { readonly kind: 'hosts'; readonly names: readonly string[] }
  /** A DNS record. */
  | { readonly kind: 'record'; readonly record: PoolKey }
  /** A service or a host, whichever it is; undefined: everything. */
  | { readonly kind: 'subject'; readonly subject: string | undefined }
  /** One host in every service, and what is known of how it came to be so. */
  | { readonly kind: 'host'; readonly host: string }
  /** Every pool and every DNS record, and what is known of how they came to be so. */
  | { readonly kind: 'everything' }
  /** Writes that were seen in conftool in the last so many milliseconds. */
  | { readonly kind: 'changes'; readonly lastMs: number }
  /** As many operations as are remembered. */
  | { readonly kind: 'history' }
  /** A deployment, in every cluster. */
  | { readonly kind: 'deployment'; readonly name: string }
  | { readonly kind: 'operation'; readonly id: string }
  | { readonly kind: 'operations' }
  | { readonly kind: 'health' };

/** What `!help` tells of a command. */
interface CommandHelp {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
}

/** What a command may look at: values read a moment ago, and nothing that could act. */
export interface Facts {
  readonly now: number;
  readonly person: Person | undefined;
  readonly nick: string;
  readonly account: string | undefined;
  readonly catalogue: Catalogue;
  readonly groups: readonly GroupRule[];
  readonly scope: Scope;
  readonly dependencies: readonly Dependency[];
  /** The pools of the service or host that was asked for; of everything when nothing was. */
  readonly pools: readonly Pool[];
  /** What the load balancers of a pool say, by `poolPath`; a pool without any is not there, and is not when everything was asked for. */
  readonly balanced: ReadonlyMap<string, readonly BalancedPool[]>;
  /** Requests as metrics have them, by data centre; a fault where they did not answer. */
  readonly observed: ReadonlyMap<string, Result<Observed>>;
  /** The deployment that was asked for, or that the operation is about; undefined for a name that is none. */
  readonly scale: ScaleFacts | undefined;
  /** Every deployment of the configuration. */
  readonly deployments: readonly { readonly name: string }[];
  /** Every service tag that exists, for suggestions; filled when the asked one was not found. */
  readonly services: readonly string[];
  /** The operation that was asked for. */
  readonly operation: Operation | undefined;
  /** Whether the journal answered; without it there are no operations here, and nobody knows of a freeze. */
  readonly journal: boolean;
  /** Open operations, oldest first. */
  readonly open: readonly Operation[];
  /** The newest operations, newest first. */
  readonly recent: readonly Operation[];
  readonly freeze: { readonly by: string; readonly reason: string; readonly at: number } | undefined;
  /** Writes that were seen in conftool, newest first, with who made them as far as anybody knows. */
  readonly changes: readonly AttributedChange[];
  /** Whose the write was that left an object as it is, and when; for one that was not seen `at` is undefined. */
  readonly originOf: (node: StoredNode) => {
    readonly by: Attribution;
    readonly at: number | undefined;
    readonly isLate: boolean;
  };
  readonly policy: Policy;
  readonly people: readonly Person[];
  /** Locks that hold now. */
  readonly locks: readonly Lock[];
  /** Operations that broke the glass and that nobody else has looked at. */
  readonly unreviewed: readonly Operation[];
  readonly health: readonly PartHealth[];
  readonly commands: readonly CommandHelp[];
}
