import type { Announcement } from '../core/announcement/announcement.ts';
import type { Lock } from '../core/lock.ts';
import type { PoolKey } from '../core/node.ts';
import type { Operation, OperationPatch, OperationState, StepChange, Vote } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import type { RowState } from '../core/row-state.ts';
import type { SalRecord } from '../core/sal/record.ts';
import type { SeenChange } from '../core/seen-change.ts';
import type { Suspension } from '../core/suspension.ts';

/** Something to be said that must not be lost: it is stored together with what it tells. `key` is unique for ever. */
export type OutboxRow = {
  readonly key: string;
  readonly op: string | undefined;
  /** When the thing happened that it tells. */
  readonly at: number;
  readonly transport: string;
  readonly channel: string;
} & (
  | { readonly kind: 'chat'; readonly announcement: Announcement }
  | { readonly kind: 'sal'; readonly record: SalRecord }
);

export type StoredRow = OutboxRow & {
  readonly state: RowState;
  readonly sentAt: number | undefined;
  readonly note: string | undefined;
};

/** One step of an operation's life, all or nothing. */
export interface Transition {
  readonly id: string;
  /** Allowed states to come from; empty refuses always. */
  readonly from: readonly OperationState[];
  readonly to: OperationState;
  readonly at: number;
  /** When given, the operation's epoch must equal it (a stopped-and-resumed worker is refused). */
  readonly epoch?: number;
  /** Adds one to the epoch. */
  readonly takeOver?: boolean;
  readonly patch?: OperationPatch;
  readonly steps?: readonly StepChange[];
  readonly rows?: readonly OutboxRow[];
  /** Serving weight taken from a pool by this transition, or given back: the sliding window of removals. */
  readonly removals?: readonly Removal[];
  /** When to remind of it. */
  readonly remindAt?: number;
  /** The mark of the brakes that allowed it: refused (`brakes-moved`) when one was put on or taken off since, or a stop of the operation was requested. */
  readonly ifBrakes?: string;
  /** The revision that allowed it: refused (`brakes-moved`) when anything was changed since, but for the vote that it is stored with. */
  readonly ifRevision?: string;
  /** Only while this person's vote is there. */
  readonly ifVote?: string;
  /** Only while that operation runs in that epoch: it goes before this one, and whoever could not begin it does not begin this one. */
  readonly after?: { readonly id: string; readonly epoch: number };
  /** Only when it is the first in each of its lines. */
  readonly ifFirst?: boolean;
}

/** `weight`: the serving weight that one host lost; 0 when it serves again as before. */
export interface Removal {
  readonly dc: string;
  readonly cluster: string;
  readonly service: string;
  readonly host: string;
  readonly weight: number;
  readonly at: number;
}

/** Nothing starts or goes on while production is frozen. */
export interface Freeze {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

/** What holds at one moment for whatever is to be written. */
export interface Standing {
  /** Another one whenever a brake was put on or taken off: a freeze, a lock, a suspension, a log that is away. */
  readonly mark: string;
  readonly freeze: Freeze | undefined;
  readonly locks: readonly Lock[];
  readonly suspensions: readonly Suspension[];
  readonly logDownSince: number | undefined;
  /** Objects whose write ended well lately; one that an operation wrote in two steps counts once. */
  readonly written: number;
  /** What was taken from each of the pools lately, in the order asked: the newest entry per host. */
  readonly removals: readonly (readonly Removal[])[];
}

/** What the journal holds at one revision: the same until it is another one. */
export interface Snapshot {
  readonly revision: string;
  readonly standing: Standing;
  /** As `Store.open` answers. */
  readonly open: readonly Operation[];
}

/** Since when, and of which pools. Milliseconds since 1970. */
export interface StandingQuestion {
  readonly writtenSince: number;
  readonly removedSince: number;
  readonly pools: readonly Pick<PoolKey, 'dc' | 'cluster' | 'service'>[];
}

/** An operation and its place in the lines of its services. */
interface Turn {
  readonly operation: Operation;
  /** Whether it is the first in each of its lines. */
  readonly isFirst: boolean;
  /** Who stands behind it in its line, in order; nobody when it stands in several, or is not the first. */
  readonly behind: readonly string[];
}

export type VoteOutcome =
  /** Counted; `missing` approvals are still needed; 0 means that it is queued now. `before`: those whose turn it is then, in its lines; none when it is its own. */
  | {
      readonly kind: 'counted';
      readonly missing: number;
      readonly before: readonly string[];
      readonly operation: Operation;
      /** What came of `begin`. */
      readonly begun?: Result<Operation>;
    }
  | { readonly kind: 'suspended'; readonly suspension: Suspension }
  | { readonly kind: 'already'; readonly missing: number }
  | { readonly kind: 'own'; readonly missing: number }
  | { readonly kind: 'not-waiting'; readonly state: OperationState }
  | { readonly kind: 'expired'; readonly at: number }
  | { readonly kind: 'plan-differs' }
  | { readonly kind: 'unknown' };

/**
 * The journal: operations, votes, freeze, outbox. Each method is atomic; what it answers was on disk.
 *
 * Errors of every method: `store-unreachable` (nothing was stored, within 2 s), `store-refuses` (disk or memory full).
 */
export interface Store {
  /**
   * Stores a new operation, queued or awaiting approval, with its rows. When queued it joins its service's line.
   *
   * @returns `created` with those whose turn it is in its lines, none when it is its own; `duplicate` with the id that this `eventKey` made before; `taken` when the id is used or too like an open one.
   */
  create(
    operation: Operation,
    rows: readonly OutboxRow[],
  ): Promise<
    Result<
      | { readonly kind: 'created'; readonly before: readonly string[] }
      | { readonly kind: 'duplicate'; readonly id: string }
      | { readonly kind: 'taken' }
    >
  >;

  /** Stores an operation as it is, in whatever state: only for what another copy of the journal knew. */
  restore(operation: Operation): Promise<Result<void>>;

  operation(id: string): Promise<Result<Operation | undefined>>;

  /** The same as this process knows it, without asking: somebody else may have changed it since. */
  known(id: string): Operation | undefined;

  /** Those that had not ended when this process read them last, without asking. */
  unended(): readonly Operation[];

  /** Operations in one of OPEN_STATES, oldest first. */
  open(): Promise<Result<readonly Operation[]>>;

  /** The newest operations, newest first, at most `most`. */
  recent(most: number): Promise<Result<readonly Operation[]>>;

  /** @returns the operation after it; Fault `transition-refused` or `brakes-moved` when a guard did not hold, and nothing changed. */
  transition(transition: Transition): Promise<Result<Operation>>;

  /** Says that somebody is at it: nobody takes it over then. Nothing when it does not run. */
  touch(id: string, at: number): Promise<Result<void>>;

  /**
   * Counts a vote, or says why it does not count.
   *
   * @param begin what begins with the last approval that was missing. It is made directly after the vote, and only where this one was counted: its own guards hold it
   * against everything else.
   */
  vote(id: string, vote: Vote, now: number, begin?: Transition): Promise<Result<VoteOutcome>>;

  /** Takes a person's approval back while the operation still waits. */
  withdraw(
    id: string,
    person: string,
    now: number,
  ): Promise<Result<'withdrawn' | 'none' | { readonly kind: 'not-waiting'; readonly state: OperationState }>>;

  /** An operation, and whether its turn has come. @param most how many behind it are named. */
  turn(id: string, most: number): Promise<Result<Turn | undefined>>;

  /** The operation whose turn it is on the service: the first approved that is queued or running. */
  headOfLine(service: string): Promise<Result<string | undefined>>;

  /** The operation that the message with this key asked for. */
  operationOfEvent(eventKey: string): Promise<Result<string | undefined>>;

  /** The message that shows an operation as a card in a channel; undefined when there is none yet. */
  cardOf(
    id: string,
    place: { readonly transport: string; readonly channel: string },
  ): Promise<Result<string | undefined>>;
  /** Remembers the card. Reactions to it are then found by `operationShownBy`. */
  setCard(
    id: string,
    place: { readonly transport: string; readonly channel: string },
    messageId: string,
  ): Promise<Result<void>>;

  /**
   * Keeps an event of a network that has been told that we have it, until it is `handled`: a crash in between must not lose it.
   *
   * @returns false when it was taken in before.
   */
  takeIn(eventKey: string, event: string): Promise<Result<boolean>>;
  handled(eventKey: string): Promise<Result<void>>;
  /** Events that were taken in and not handled, by key. */
  unhandled(): Promise<Result<readonly { readonly eventKey: string; readonly event: string }[]>>;

  /** The operation whose request is shown by that message. */
  operationShownBy(viewId: string): Promise<Result<string | undefined>>;

  /** All that a write is judged by besides production and the operation itself, read at once. */
  standing(question: StandingQuestion): Promise<Result<Standing>>;

  /** That, and what is open, at one revision; undefined when something was changed meanwhile. */
  snapshot(question: StandingQuestion): Promise<Result<Snapshot | undefined>>;

  /** Every lock that was set and not lifted, also one whose time is over, by service. */
  locks(): Promise<Result<readonly Lock[]>>;
  /** Replaces the lock of a service; undefined lifts it. */
  setLock(service: string, lock: Lock | undefined): Promise<Result<void>>;

  /** People who are suspended. */
  suspensions(): Promise<Result<readonly Suspension[]>>;
  /** Suspends a person, or with undefined lifts it. */
  setSuspension(person: string, suspension: Suspension | undefined): Promise<Result<void>>;

  /** Ids of operations that nobody else has looked at and should, oldest first: those that broke the glass. */
  unreviewed(): Promise<Result<readonly string[]>>;
  /** @returns false when the operation was not on that list. */
  review(id: string, rows: readonly OutboxRow[]): Promise<Result<boolean>>;

  /** Ids of operations that somebody wanted to be reminded of by now. */
  dueReminders(now: number): Promise<Result<readonly string[]>>;
  /** Sets the next reminder, or with undefined takes it away, together with what is said. */
  setReminder(id: string, at: number | undefined, rows: readonly OutboxRow[]): Promise<Result<void>>;

  /** Remembers writes that were seen in conftool; the same one twice is one. */
  addChanges(changes: readonly SeenChange[]): Promise<Result<void>>;
  /** Those seen since `since`, newest first. */
  changes(since: number): Promise<Result<readonly SeenChange[]>>;

  freeze(): Promise<Result<Freeze | undefined>>;
  setFreeze(freeze: Freeze | undefined, rows: readonly OutboxRow[]): Promise<Result<void>>;

  /** Since when nothing can be said where the log listens; undefined while it can. */
  logDownSince(): Promise<Result<number | undefined>>;
  setLogDown(since: number | undefined): Promise<Result<void>>;

  /** Adds rows that belong to no transition. A row whose key exists is left as it is. */
  addRows(rows: readonly OutboxRow[]): Promise<Result<void>>;
  /** Rows that are pending or sent, oldest first, at most `most`. */
  unsentRows(most: number): Promise<Result<readonly StoredRow[]>>;
  /** Rows of kind `sal` in any state, newest first. */
  salRows(most: number): Promise<Result<readonly StoredRow[]>>;
  /** With `epoch` only while nobody has taken the voice since: see `Lease`. */
  markRow(
    key: string,
    mark: {
      readonly state: RowState;
      readonly sentAt?: number;
      readonly note?: string;
      readonly epoch?: number;
    },
  ): Promise<Result<void>>;

  ping(): Promise<Result<void>>;
  close(): Promise<void>;
}
