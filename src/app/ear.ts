import type { PoolKey } from '../core/node.ts';
import type { AtMost } from './at-most.ts';
import type { EarlyReactions } from './early-reactions.ts';
import type { HeardLog } from './heard-log.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { PeopleSeen } from './people-seen.ts';
import type { ReadsAhead } from './read-ahead.ts';
import type { SharedReads } from './shared-reads.ts';

/** What hearing needs: the parts, what is to be said, and who was seen. */
export interface Ear {
  readonly parts: Parts;
  readonly outbox: Outbox;
  readonly seen: PeopleSeen;
  readonly log: HeardLog;
  readonly early: EarlyReactions;
  /** What is asked takes turns here: were all of a crowd read for at once, none would be answered in time. */
  readonly questions: AtMost;
  /** What is read for operations that are about to begin. */
  readonly ahead: ReadsAhead;
  /** What those who ask at the same moment read together. */
  readonly shared: SharedReads;
  /** The pools of each service, as they were when it was asked for last. */
  readonly poolsOf: Map<string, readonly PoolKey[]>;
}
