import type { AuditLine } from '../../src/adapters/audit/audit-line.ts';
import type { NodeOperation } from '../../src/core/operation.ts';
import type { EtcdEvent } from '../lab/etcd-events.ts';

/** What can be seen of a history from outside, when all is quiet. */
export interface Evidence {
  /** Requests that people typed: the tag that each has as its reason. */
  readonly asked: readonly string[];
  /** Ids that the channel was told are waiting or under way. */
  readonly acknowledged: readonly string[];
  /** The journal. */
  readonly operations: readonly NodeOperation[];
  /** Everything that happened to the objects in etcd, in its order. */
  readonly events: readonly EtcdEvent[];
  /** Indexes of what the human wrote; all else is Sluice's. */
  readonly human: ReadonlySet<number>;
  /** Log lines that the journal had to say: key and operation. */
  readonly logRows: readonly { readonly key: string; readonly op: string }[];
  /** Log lines in the channel. */
  readonly logLines: readonly string[];
  /** Rows whose line the channel had when Sluice was killed, and the journal did not know: these may be said again. */
  readonly unnoted: ReadonlySet<string>;
  /** audit.log, oldest first. */
  readonly audit: readonly AuditLine[];
  /** The first problem of its chain; undefined when it holds. */
  readonly brokenChain: string | undefined;
}
