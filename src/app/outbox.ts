import { wordAnnouncement } from '../core/announcement/word.ts';
import type { Announcement } from '../core/announcement/announcement.ts';
import { cardOf } from '../core/card-of.ts';
import type { Fault } from '../core/fault.ts';
import type { Operation } from '../core/operation.ts';
import type { PartHealth } from '../core/health.ts';
import type { Result } from '../core/result.ts';
import type { Chat, Inbound, Sent } from '../ports/chat.ts';
import type { OutboxRow } from '../ports/store.ts';
import { LogLane } from './log-lane.ts';
import type { Parts } from './parts.ts';

/** Rows read at once from the journal. */
const RELOAD = 200;
const MOST_SETTLED = 5000;
/** So many are named in one line of the log. */
const NAMED_ROWS = 5;

/** Told of each message of ours that shows an operation, once reactions to it can be found; and of the operation, where it waits for approval. */
type OnShown = (messageId: string, waiting: Operation | undefined) => void;

interface Mark {
  readonly state: 'pending' | 'echoed' | 'acked' | 'refused' | 'unconfirmed';
  readonly sentAt: number;
  readonly note?: string;
}

/**
 * Says what the journal holds to be said: chat lines in order, log lines in order and paced, each until the network has it.
 *
 * Rows are stored with the transition that they tell, so a crash loses none; a row whose echo was seen is never sent again.
 */
export class Outbox {
  private readonly parts: Parts;
  private readonly log: LogLane;
  private readonly lanes = new Map<string, Lane>();
  private readonly known = new Set<string>();
  /** Said and marked: who read the journal before that, and offers the row after it, is late. The oldest are forgotten. */
  private readonly settled = new Set<string>();
  /** To be said, and not stored. */
  private readonly loose = new Set<string>();
  private readonly worded = new WeakMap<OutboxRow, string>();
  private readonly unmarked = new Map<string, Mark>();
  private readonly toMark: { readonly key: string; readonly mark: Mark; readonly done: () => void }[] = [];
  private marking: Promise<void> | undefined;
  private reloading: { readonly now: Promise<void>; next: Promise<void> | undefined } | undefined;
  private closed = false;
  private readonly onShown: OnShown;

  constructor(parts: Parts, onShown: OnShown) {
    this.parts = parts;
    this.onShown = onShown;
    this.log = new LogLane(parts, {
      mark: (key, state, note) => this.mark(key, state, note),
      offer: (rows) => {
        this.offer(rows);
      },
      reload: () => this.reload(),
    });
  }

  /** Says at once what is not stored, since whoever looks sees it. */
  say(rows: readonly OutboxRow[]): void {
    for (const { key } of rows) this.loose.add(key);
    this.offer(rows);
  }

  /** Words rows that are being stored, so that this is done when they are offered. */
  word(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      const chat = this.chatOf(row.transport);
      if (chat !== undefined && row.kind === 'chat') this.worded.set(row, wordRow(row, chat));
    }
  }

  /** Takes rows that were just stored, to be said at once. */
  offer(rows: readonly OutboxRow[]): void {
    // Whoever has the voice finds them in the journal.
    if (!this.parts.voice.speaks()) return;
    for (const row of rows) {
      if (this.known.has(row.key) || this.unmarked.has(row.key) || this.settled.has(row.key)) continue;
      this.known.add(row.key);
      this.laneOf(row).rows.push(row);
    }
    this.pump();
  }

  /** Somebody else speaks from now on: what waits here is said there. */
  forget(): void {
    for (const { rows } of this.lanes.values()) rows.length = 0;
    this.known.clear();
    this.loose.clear();
  }

  /** Takes what an earlier process, or a time without chat, left unsaid. One at a time: while Redis hangs they would pile up. */
  reload(): Promise<void> {
    const { reloading } = this;
    // Whoever asks now may have stored what the one under way has not seen.
    if (reloading !== undefined) return (reloading.next ??= reloading.now.then(() => this.reload()));
    if (!this.parts.voice.speaks()) return Promise.resolve();
    const now = this.reloadNow();
    this.reloading = { now, next: undefined };
    return now;
  }

  private async reloadNow(): Promise<void> {
    try {
      if (this.unmarked.size > 0)
        await Promise.all([...this.unmarked].map(([key, { state, note }]) => this.mark(key, state, note)));
      const rows = await this.parts.store.unsentRows(RELOAD);
      if (rows.ok) this.offer(rows.value);
    } finally {
      this.reloading = undefined;
    }
    this.log.expire();
  }

  /** Reads other people's log lines and the log bot's answers. */
  hear(event: Inbound): void {
    this.log.hear(event);
  }

  /** Of the log bot. */
  logHealth(): readonly PartHealth[] {
    return this.log.partHealth();
  }

  /** Resolves when nothing is under way: for tests and for the end. */
  async idle(): Promise<void> {
    for (;;) {
      const pumps = [...this.lanes.values()].flatMap(({ pump }) => pump ?? []);
      if (pumps.length === 0) return;
      await Promise.all(pumps);
    }
  }

  /** Begins nothing more; resolves when the lines under way are settled. */
  async close(): Promise<void> {
    this.closed = true;
    this.log.close();
    await this.idle();
  }

  /** Log lines have a lane of their own, and so has each channel: one network that is down holds up no other. */
  private laneOf(row: OutboxRow): Lane {
    const name = row.kind === 'sal' ? 'log' : `${row.transport} ${row.channel}`;
    const lane = this.lanes.get(name) ?? { rows: [], pump: undefined };
    this.lanes.set(name, lane);
    return lane;
  }

  private pump(): void {
    if (this.closed) return;
    for (const lane of this.lanes.values()) {
      lane.pump ??= this.drain(lane, (row) =>
        row.kind === 'sal' ? this.log.send(row, lane.rows) : this.sendChat(row, lane.rows),
      );
    }
  }

  private async drain(lane: Lane, send: (row: OutboxRow) => Promise<boolean>): Promise<void> {
    const { rows } = lane;
    // Lets the caller finish its own turn first, so that rows of one transition are offered together.
    await Promise.resolve();
    try {
      for (let row = rows[0]; row !== undefined && !this.closed; row = rows[0]) {
        if (!this.parts.voice.speaks() || !(await send(row))) return;
        // Unless it was forgotten meanwhile.
        if (rows[0] === row) rows.shift();
        this.settle(row.key);
        this.known.delete(row.key);
      }
    } finally {
      // In the same turn as the last look: what is offered after it must find that nobody is at it, or it waits for the next sweep.
      lane.pump = undefined;
    }
  }

  private settle(key: string): void {
    this.settled.add(key);
    const oldest = this.settled.values().next().value;
    if (this.settled.size > MOST_SETTLED && oldest !== undefined) this.settled.delete(oldest);
  }

  private async sendChat(row: OutboxRow, waiting: readonly OutboxRow[]): Promise<boolean> {
    const chat = this.chatOf(row.transport);
    if (chat === undefined) return this.mark(row.key, 'refused', 'this network is not configured any more');
    if (row.kind !== 'chat' || chat.state() !== 'ready') return false;
    if (isOvertaken(row.announcement, waiting)) {
      return this.mark(row.key, 'echoed', 'overtaken by a later one');
    }
    const line = this.worded.get(row) ?? wordRow(row, chat);
    const urgency = passes(row.announcement) ? 'progress' : 'result';
    const sent = await this.sayOrShow(chat, row, { line, urgency });
    if (!sent.ok)
      return sent.fault.kind === 'chat-refused' ? this.mark(row.key, 'refused', sent.fault.cause) : false;
    if (sent.value.proof === 'none') return this.withoutProof(row, chat);
    const { announcement } = row;
    const { ref } = sent.value;
    if (ref !== undefined)
      this.onShown(
        ref.id,
        announcement.kind === 'waits' ? await this.showRequest(announcement.id, ref.id) : undefined,
      );
    return this.mark(row.key, 'echoed', undefined);
  }

  /** Where the network can edit, an operation is one card; everywhere else, and for what is no operation's, a line. */
  private async sayOrShow(
    chat: Chat,
    row: OutboxRow & { readonly kind: 'chat' },
    { line, urgency }: { readonly line: string; readonly urgency: 'progress' | 'result' },
  ): Promise<Result<Sent>> {
    const { key, op, channel, announcement } = row;
    const say = (): Promise<Result<Sent>> => chat.send(channel, line, { key, urgency });
    if (op === undefined || chat.show === undefined || !chat.capabilities(channel).edits) return say();
    const [operation, card] = await Promise.all([
      this.parts.store.operation(op),
      this.parts.store.cardOf(op, row),
    ]);
    if (!operation.ok || operation.value === undefined || !card.ok) return say();
    const { transport } = chat;
    const ref = card.value === undefined ? undefined : { transport, channel, id: card.value };
    const thread = ref !== undefined && !passes(announcement) && announcement.kind !== 'approved';
    const shown = await chat.show(channel, cardOf(operation.value, line), {
      key,
      urgency,
      line,
      ref,
      thread,
    });
    if (shown.ok && ref === undefined && shown.value.ref !== undefined)
      await this.parts.store.setCard(op, row, shown.value.ref.id);
    return shown;
  }

  /** When the connection died under a line it is sent again: better twice than never. On a living connection it is not: it may be there. */
  private withoutProof(row: OutboxRow, chat: Chat): Promise<boolean> {
    if (chat.state() !== 'ready') return Promise.resolve(false);
    return this.mark(row.key, 'unconfirmed', 'no echo');
  }

  /**
   * Always true: what was said is said. Marks are stored in the order in which they came about. One that could not be stored is kept and tried
   * again, and the row is not sent meanwhile.
   */
  private mark(key: string, state: Mark['state'], note: string | undefined): Promise<true> {
    if (this.loose.delete(key)) return Promise.resolve(true);
    const mark: Mark = { state, sentAt: this.parts.clock.now(), ...(note === undefined ? {} : { note }) };
    return new Promise((resolve) => {
      this.toMark.push({
        key,
        mark,
        done: () => {
          resolve(true);
        },
      });
      this.marking ??= this.storeMarks();
    });
  }

  /** Those that came about while others were stored go together: the store takes them in their order. */
  private async storeMarks(): Promise<void> {
    while (this.toMark.length > 0) {
      const marks = this.toMark.splice(0);
      const faults = await Promise.all(marks.map(({ key, mark }) => this.storeMark(key, mark)));
      const fault = faults.find((one) => one !== undefined);
      if (fault !== undefined)
        this.parts.log.error(
          { rows: [...this.unmarked.keys()].slice(0, NAMED_ROWS), of: this.unmarked.size, fault },
          'outbox rows could not be marked yet',
        );
      for (const { done } of marks) done();
    }
    // In the same turn as the last look: whoever comes after must find that nobody stores.
    this.marking = undefined;
  }

  private async storeMark(key: string, mark: Mark): Promise<Fault | undefined> {
    const epoch = this.parts.voice.epoch();
    const marked = await this.parts.store.markRow(key, {
      ...mark,
      ...(epoch === undefined ? {} : { epoch }),
    });
    if (marked.ok) {
      this.unmarked.delete(key);
      return undefined;
    }
    this.unmarked.set(key, mark);
    return marked.fault;
  }

  private async showRequest(id: string, viewId: string): Promise<Operation | undefined> {
    const from = ['awaiting-approval'] as const;
    const at = this.parts.clock.now();
    const shown = await this.parts.store.transition({
      id,
      from,
      to: 'awaiting-approval',
      at,
      patch: { viewId },
    });
    // An operation that was decided meanwhile needs no reactions any more.
    if (shown.ok) return shown.value;
    this.parts.log.info({ id, fault: shown.fault }, 'reactions to this request will not be found');
    return undefined;
  }

  private chatOf(transport: string): Chat | undefined {
    return this.parts.chats.find((chat) => chat.transport === transport);
  }
}

/** What goes out to one place, in order. */
interface Lane {
  readonly rows: OutboxRow[];
  pump: Promise<void> | undefined;
}

/** What invites to act on an operation, once it has ended; what passes, once something newer of it waits. */
function isOvertaken(announcement: Announcement, waiting: readonly OutboxRow[]): boolean {
  if (announcement.kind !== 'waits' && announcement.kind !== 'nudge' && !passes(announcement)) return false;
  const { kind, id } = announcement;
  const later = waiting.slice(1).map((row) => (row.kind === 'chat' ? row.announcement : undefined));
  return later.some(
    (next) =>
      next !== undefined &&
      'id' in next &&
      next.id === id &&
      (ENDS.has(next.kind) || (passes(announcement) && next.kind === kind)),
  );
}

/** What tells how far it is: a newer one makes it worth nothing. */
function passes(
  announcement: Announcement,
): announcement is Extract<Announcement, { kind: 'progress' | 'rollout' }> {
  return announcement.kind === 'progress' || announcement.kind === 'rollout';
}

const ENDS: ReadonlySet<Announcement['kind']> = new Set([
  'done',
  'denied',
  'cancelled',
  'expired',
  'settled',
] as const);

/** Whether people can react is known only where and when the line is sent. */
function wordRow({ announcement, channel }: OutboxRow & { readonly kind: 'chat' }, chat: Chat): string {
  const { reactions, roomBytes } = chat.capabilities(channel);
  const known = announcement.kind === 'waits' ? { ...announcement, reactions } : announcement;
  return wordAnnouncement(known, roomBytes);
}
