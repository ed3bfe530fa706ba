import { createHash } from 'node:crypto';
import type { Announcement } from '../core/announcement/announcement.ts';
import { canonicalJson } from '../core/canonical.ts';
import type { NodeOperation } from '../core/operation.ts';
import { isOnNodes } from '../core/operation.ts';
import { within } from '../observe/context.ts';
import type { Chat, ChatState, Inbound } from '../ports/chat.ts';
import { AtMost } from './at-most.ts';
import { EarlyReactions } from './early-reactions.ts';
import type { Ear } from './ear.ts';
import { hear } from './hear.ts';
import { HeardLog } from './heard-log.ts';
import { Inbox } from './inbox.ts';
import { announce, audit } from './journal.ts';
import { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { PeopleSeen } from './people-seen.ts';
import { ReadsAhead } from './read-ahead.ts';
import { runOperation } from './run-operation.ts';
import { answer, placeRows } from './speak.ts';
import { SharedReads } from './shared-reads.ts';
import { sweep } from './sweep.ts';
import { ChangeWatch } from './watch-changes.ts';
import { watchDrained } from './watch-drained.ts';

/** The same, said by several processes within this time, is said once. */
const SAME_MS = 60_000;
/** A gap of the network that is shorter is not worth a line. */
const TELL_AWAY_MS = 30_000;

/** What a process of Sluice does: hears and speaks, or writes, or both. */
export interface Duties {
  readonly hears: boolean;
  readonly runs: boolean;
}

/** Hears, carries out, sweeps, and says what there is to say, as far as its duties go. Opened and closed by main. */
export class Sluice {
  readonly outbox: Outbox;
  private readonly parts: Parts;
  private readonly duties: Duties;
  private readonly seen: PeopleSeen;
  private readonly running = new Map<string, Promise<void>>();
  private readonly log = new HeardLog();
  private readonly early = new EarlyReactions();
  private readonly questions: AtMost;
  private readonly ahead: ReadsAhead;
  private readonly shared = new SharedReads();
  private readonly poolsOf: Ear['poolsOf'] = new Map();
  private readonly changes: ChangeWatch;
  private readonly inbox: Inbox;
  private readonly watching = new Set<Promise<void>>();
  private ending = false;
  /** As it was told last; undefined before. */
  private logIsDown: boolean | undefined;
  /** By transport: here, or away since (ms); not in it before it was ever ready. */
  private readonly presence = new Map<string, 'here' | number>();

  constructor(parts: Parts, duties: Duties = { hears: true, runs: true }) {
    this.parts = parts;
    this.duties = duties;
    this.questions = new AtMost(parts.settings.bounds.questionsAtOnce);
    this.outbox = new Outbox(parts, (messageId, waiting) => {
      if (waiting !== undefined) void this.guarded('prepare', () => this.ahead.prepareSoon(waiting));
      for (const event of this.early.take(messageId, parts.clock.now()))
        void this.guarded('hear', () => this.hearNow(event));
    });
    this.ahead = new ReadsAhead(parts, duties.runs);
    this.seen = new PeopleSeen(parts.clock);
    this.changes = new ChangeWatch(parts);
    this.inbox = new Inbox(parts);
  }

  /** One event of a chat network. Never throws: a bug is logged, and the next line is heard all the same. */
  async hear(event: Inbound): Promise<void> {
    if (this.ending) return;
    await this.guarded('hear', () =>
      this.chatOf(event)?.acknowledges === true
        ? this.inbox.take(event, (one) => this.hearNow(one))
        : this.hearNow(event),
    );
  }

  private async hearNow(event: Inbound): Promise<void> {
    const { parts, outbox, seen, log, early, questions, ahead, shared, poolsOf } = this;
    const chat = this.chatOf(event);
    if (ahead.whenGoneOut !== undefined) await ahead.whenGoneOut;
    const actor = (await chat?.identify?.(event.actor)) ?? event.actor;
    return hear({ parts, outbox, seen, log, early, questions, ahead, shared, poolsOf }, { ...event, actor });
  }

  private chatOf({ actor }: Inbound): Chat | undefined {
    return this.parts.chats.find(({ transport }) => transport === actor.transport);
  }

  /** One wake-up or job of the queue. An operation that runs here already is not run twice. */
  run(id: string, begunElsewhere = false): Promise<void> {
    const running = this.running.get(id);
    if (running !== undefined) return running;
    const run: Promise<void> = this.guarded('run', async () => {
      const done = await within(this.parts, 'run', { op: id }, (parts) =>
        runOperation(parts, this.outbox, id, {
          begunElsewhere,
          ending: () => this.ending,
          ahead: this.ahead.take(id),
          takeAlong: (ids) => {
            const taken = ids.filter((other) => !this.running.has(other));
            for (const other of taken) this.running.set(other, run);
            return () => {
              for (const other of taken) this.running.delete(other);
            };
          },
        }),
      );
      if (done?.plan.verb === 'depool' && isOnNodes(done)) this.watchDrained(done);
    }).finally(() => {
      this.running.delete(id);
    });
    this.running.set(id, run);
    return run;
  }

  /** Beside everything else: nothing waits for it, nor does the end of this process. */
  private watchDrained(operation: NodeOperation): void {
    const watch = this.guarded('drained', () => watchDrained(this.parts, this.outbox, operation)).finally(
      () => {
        this.watching.delete(watch);
      },
    );
    this.watching.add(watch);
  }

  /** Resolves when nobody is watched any more. */
  async watched(): Promise<void> {
    await Promise.all(this.watching);
  }

  /** Resolves when nothing runs here any more. */
  async idle(): Promise<void> {
    await Promise.all(this.running.values());
  }

  /** To be called about every second, and when a chat network has come back. One part that fails keeps no other from being done. */
  async sweep(): Promise<void> {
    const { parts, outbox, seen } = this;
    await this.guarded('sweep', () =>
      sweep(parts, outbox, seen, {
        runs: this.duties.runs,
        isRunning: (id) => this.running.has(id),
        takeOver: (id) => void this.run(id),
      }),
    );
    await this.guarded('changes', () => this.changes.flush());
    await this.guarded('hear forgotten', () => this.hearForgotten());
    await this.guarded('hear early', () => this.hearEarly());
    await this.guarded('watch log', () => this.watchLog());
    await this.guarded('outbox', () => outbox.reload());
    // After all that changes the journal itself.
    await this.guarded('prepare', () => this.ahead.prepareAll());
  }

  /** What another process hears at this moment is not forgotten: one of them looks. */
  private async hearForgotten(): Promise<void> {
    const { chats, voice } = this.parts;
    if (voice.speaks() && chats.some(({ acknowledges }) => acknowledges === true))
      await this.inbox.hearForgotten((event) => this.hearNow(event));
  }

  /** Whoever speaks knows whether anything can be logged, and tells those who write. */
  private async watchLog(): Promise<void> {
    const { chats, settings, store, voice, clock } = this.parts;
    const chat = chats.find(({ transport }) => transport === settings.sal.transport);
    if (!voice.speaks() || chat === undefined) return;
    const isDown = chat.state() !== 'ready';
    if (isDown === this.logIsDown) return;
    const known = await store.logDownSince();
    if (!known.ok) return;
    const told = await store.setLogDown(isDown ? (known.value ?? clock.now()) : undefined);
    if (told.ok) this.logIsDown = isDown;
  }

  /** Reactions to what another process has said. */
  private async hearEarly(): Promise<void> {
    const now = this.parts.clock.now();
    for (const target of this.early.targets(now)) {
      const shown = await this.parts.store.operationShownBy(target);
      if (!shown.ok || shown.value === undefined) continue;
      for (const event of this.early.take(target, now)) await this.hearNow(event);
    }
  }

  /** There is something to be said that another process has stored. */
  async sayWhatIsStored(): Promise<void> {
    await this.guarded('outbox', () => this.outbox.reload());
  }

  /** Begins to follow what anybody writes in conftool. */
  watchChanges(): void {
    this.changes.start();
  }

  /** A network came or went: what was left unsaid is said, and people are told what was not heard meanwhile. */
  chatChanged(chat: Chat, state: ChatState): void {
    const now = this.parts.clock.now();
    if (!this.parts.voice.speaks()) {
      // Nothing is missed while another process is there.
      this.presence.delete(chat.transport);
      return;
    }
    if (state !== 'ready') {
      const since = this.presence.get(chat.transport);
      if (since === 'here') this.presence.set(chat.transport, now);
      return;
    }
    const from = this.presence.get(chat.transport);
    this.presence.set(chat.transport, 'here');
    void this.guarded('chat is back', async () => {
      if (typeof from === 'number' && now - from > TELL_AWAY_MS)
        await this.announceOn(chat, { kind: 'away', from, to: now });
      await this.outbox.reload();
    });
  }

  /** Says something in every configured channel, and puts it into the audit log. */
  async announceAll(announcement: Announcement): Promise<void> {
    await audit(this.parts, undefined, { event: announcement.kind, data: announcement });
    const at = this.parts.clock.now();
    // Every process is told of a changed policy, and people once.
    const what = createHash('sha256').update(canonicalJson(announcement)).digest('hex').slice(0, 12);
    const name = `${what}-${String(Math.floor(at / SAME_MS))}`;
    const rows = placeRows(this.parts, { name, at, announcement });
    await announce(this.parts, this.outbox, rows);
  }

  /** From now on nothing is heard and no write begins; operations that have begun are held after the write in flight. */
  end(): void {
    this.ending = true;
    this.changes.close();
  }

  private async announceOn(chat: Chat, announcement: Announcement): Promise<void> {
    for (const channel of chat.channels)
      await answer(this.parts, { transport: chat.transport, channel }, [announcement]);
  }

  private async guarded(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.parts.log.error(
        { what, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'bug',
      );
    }
  }
}
