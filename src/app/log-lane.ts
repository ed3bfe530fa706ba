import type { PartHealth } from '../core/health.ts';
import type { SalWatch } from '../core/sal/acknowledgement.ts';
import { emptyWatch, expireWatch, isAnswer, seenLog, seenReply } from '../core/sal/acknowledgement.ts';
import { composeSal } from '../core/sal/compose.ts';
import type { LogHealth } from '../core/sal/log-health.ts';
import {
  LOG_AT_WORK,
  logBotAnswered,
  logBotSeen,
  logBotSilent,
  logTried,
  mayLog,
} from '../core/sal/log-health.ts';
import type { RelayWatch } from '../core/sal/relay-watch.ts';
import { emptyRelayWatch, expireRelayed, relaySaid, relaySent } from '../core/sal/relay-watch.ts';
import { minuteText } from '../core/time.ts';
import type { Announcement } from '../core/announcement/announcement.ts';
import type { Chat, Inbound } from '../ports/chat.ts';
import type { OutboxRow } from '../ports/store.ts';
import { placeRows } from './speak.ts';
import type { Parts } from './parts.ts';

/** The network on which the log bot can be seen and heard. */
const EAR = 'irc';
/** A log line that is sent this much later than what it tells says so. */
const LATE_MS = 60_000;
/** Lines that were kept are sent no faster than this: one wiki page takes them all. */
const BACKLOG_PACE_MS = 2000;
/** What a row has as its note once it was said without the log. */
const SAID_PLAIN = 'said without the log';

/** What became of a row, and why: see `Outbox`. */
type MarkRow = (
  key: string,
  state: 'pending' | 'echoed' | 'acked' | 'refused' | 'unconfirmed',
  note: string | undefined,
) => Promise<true>;

/** What the lane needs of the outbox. */
export interface LogLaneOptions {
  readonly mark: MarkRow;
  /** Takes rows that were just stored. */
  readonly offer: (rows: readonly OutboxRow[]) => void;
  /** Takes what is stored and not said yet. */
  readonly reload: () => Promise<void>;
}

/**
 * The lines of the Server Admin Log: in order, paced, each until the channel has it; then the log bot's answers to them. While the bot is away people are told
 * each line all the same, and the log gets it when the bot is back. What the channel has as a log line is never sent again.
 */
export class LogLane {
  private readonly parts: Parts;
  private readonly options: LogLaneOptions;
  private watch: SalWatch = emptyWatch;
  private relayed: RelayWatch = emptyRelayWatch;
  private health: LogHealth = LOG_AT_WORK;
  private awaited: { readonly key: string; readonly resolve: () => void } | undefined;
  /** Between sending a line and knowing that the channel has it, when the answer to it may come already. */
  private isSending = false;
  private readonly early: { readonly text: string; readonly at: number }[] = [];
  private readonly saidPlain = new Set<string>();

  constructor(parts: Parts, options: LogLaneOptions) {
    this.parts = parts;
    this.options = options;
  }

  /** Sends the first of the rows that wait. @returns false when it has to wait. */
  async send(row: OutboxRow & { readonly kind: 'sal' }, waiting: OutboxRow[]): Promise<boolean> {
    const { clock, settings, faultPoint, log } = this.parts;
    const { mark } = this.options;
    const chat = this.chat();
    if (chat?.state() !== 'ready') return false;
    const now = clock.now();
    const told = this.look(chat, row);
    if (told !== undefined) await told;
    if (!mayLog(this.health, now)) {
      await this.sayPlain(chat, waiting);
      return false;
    }
    const isLate = now - row.at > LATE_MS;
    if (isLate && mergeWithEnd(row, waiting)) return mark(row.key, 'echoed', 'merged with its end');
    const host = settings.sal.relayHost;
    const line = composeSal(row.record, { host, ...(isLate ? { late: { at: row.at, now } } : {}) });
    this.health = logTried(this.health, now);
    await faultPoint('before-send-log');
    this.isSending = true;
    const sent = await chat.send(row.channel, line, { key: row.key, urgency: 'log' });
    await faultPoint('after-send-log');
    const early = this.early.splice(0);
    this.isSending = false;
    if (!sent.ok) {
      log.warn({ row: row.key, fault: sent.fault }, 'log line not sent');
      return sent.fault.kind === 'chat-refused' ? mark(row.key, 'refused', sent.fault.cause) : false;
    }
    if (sent.value.proof === 'none') {
      // When the connection died under a line it is sent again: better twice than never. On a living connection it is not: it may be there.
      return chat.state() === 'ready' ? mark(row.key, 'unconfirmed', 'no echo') : false;
    }
    // The answer may come before the mark is stored: it is listened for first.
    const acknowledged = this.canHear() ? this.expectReply(row.key, line, early) : undefined;
    await mark(row.key, 'echoed', undefined);
    await acknowledged;
    this.saidPlain.delete(row.key);
    const spent = clock.now() - now;
    if (isLate && waiting.length > 1 && spent < BACKLOG_PACE_MS) await clock.sleep(BACKLOG_PACE_MS - spent);
    return true;
  }

  /** Reads other people's log lines and the log bot's answers. */
  hear(event: Inbound): void {
    const { sal } = this.parts.settings;
    if (event.kind !== 'text' || event.replay || sal.acknowledgedBy === undefined) return;
    if (event.actor.transport !== EAR || event.channel !== sal.channel) return;
    const isBot = event.actor.account === sal.acknowledgedBy && event.actor.display === sal.acknowledgedBy;
    if (sal.relayHost !== undefined) {
      if (isBot) this.hearRelay(event.text);
      return;
    }
    // A line that begins with our name is a refusal of ours, whatever follows the name.
    const text = event.addressed ? `${this.ownNick()}: ${event.text}` : event.text;
    if (text.startsWith('!log ')) {
      this.watch = seenLog(this.watch, { nick: event.actor.display, ours: undefined, at: event.at, text });
    } else if (isBot) {
      if (isAnswer(text)) void this.become(logBotAnswered(this.health));
      if (this.isSending && this.watch.lines.length === 0) this.early.push({ text, at: event.at });
      else this.hearReply(text, event.at);
    }
  }

  /** Lets go of lines that nobody will answer any more. To be called about every second. */
  expire(): void {
    const now = this.parts.clock.now();
    const answers = expireWatch(this.watch, now);
    const relayed = expireRelayed(this.relayed, now);
    [this.watch, this.relayed] = [answers.watch, relayed.watch];
    for (const key of [...answers.unconfirmed, ...relayed.unconfirmed]) {
      void this.options.mark(key, 'unconfirmed', 'no acknowledgement in 60 s');
      void this.become(logBotSilent(this.health, now));
    }
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    this.awaited?.resolve();
  }

  /** Of the log bot, while it is away. */
  partHealth(): readonly PartHealth[] {
    const { away } = this.health;
    if (away === undefined) return [];
    const by = this.parts.settings.sal.acknowledgedBy ?? '';
    return [{ part: 'log', ok: false, text: `${by} ${away.why} since ${minuteText(away.since)}` }];
  }

  /** Whether the bot is in the channel: asked when there is something to log. */
  private look(chat: Chat, { channel, key }: OutboxRow): Promise<void> | undefined {
    const { acknowledgedBy } = this.parts.settings.sal;
    if (acknowledgedBy === undefined) return undefined;
    const ear = this.parts.chats.find(({ transport }) => transport === EAR) ?? chat;
    const present = ear.isPresent?.(channel, acknowledgedBy);
    return this.become(logBotSeen(this.health, present, this.parts.clock.now()), key);
  }

  /**
   * People are told once when the log is away, and once when it is back.
   *
   * @param about what shows it: after a restart it is the same line that shows it again, which is told already.
   */
  private become(next: LogHealth, about = String(this.parts.clock.now())): Promise<void> | undefined {
    const before = this.health.away;
    this.health = next;
    if ((before === undefined) === (next.away === undefined)) return undefined;
    const by = this.parts.settings.sal.acknowledgedBy ?? '';
    const announcement: Announcement =
      next.away === undefined ? { kind: 'log-restored', by } : { kind: 'log-degraded', by, ...next.away };
    const at = this.parts.clock.now();
    const rows = placeRows(this.parts, { name: `${announcement.kind}-${about}`, at, announcement });
    return this.parts.store.addRows(rows).then(() => this.options.reload());
  }

  /** Each line that waits, once, as what it is: something that happened, and is not in the log yet. */
  private async sayPlain(chat: Chat, waiting: readonly OutboxRow[]): Promise<void> {
    for (const row of [...waiting]) {
      if (row.kind !== 'sal' || this.saidPlain.has(row.key)) continue;
      if ('note' in row && row.note === SAID_PLAIN) continue;
      const line = composeSal(row.record).replace(/^!log /, '');
      const sent = await chat.send(row.channel, line, { key: `${row.key}:plain`, urgency: 'result' });
      if (!sent.ok) return;
      this.saidPlain.add(row.key);
      await this.options.mark(row.key, 'pending', SAID_PLAIN);
    }
  }

  /** The next log line waits for the answer to this one, or for the pace: bursts make the log's wiki page conflict. */
  private async expectReply(
    key: string,
    line: string,
    early: readonly { readonly text: string; readonly at: number }[],
  ): Promise<void> {
    const { clock, settings } = this.parts;
    const at = clock.now();
    if (settings.sal.relayHost === undefined)
      this.watch = seenLog(this.watch, { nick: this.ownNick(), ours: key, at, text: line });
    else this.relayed = relaySent(this.relayed, { key, text: line, at });
    const answered = new Promise<void>((resolve) => {
      this.awaited = { key, resolve };
    });
    for (const reply of early) this.hearReply(reply.text, reply.at);
    await Promise.race([answered, clock.sleep(settings.bounds.logPaceMs)]);
    this.awaited = undefined;
  }

  /** The relay has said one of our lines: that it was said is all that anybody will ever know. */
  private hearRelay(text: string): void {
    const { watch, key } = relaySaid(this.relayed, text);
    this.relayed = watch;
    if (key === undefined) return;
    void this.become(logBotAnswered(this.health));
    void this.options.mark(key, 'acked', undefined);
    if (this.awaited?.key === key) this.awaited.resolve();
  }

  private hearReply(text: string, at: number): void {
    const { watch, outcome } = seenReply(this.watch, { text, at, ownNick: this.ownNick() });
    this.watch = watch;
    if (outcome === undefined) return;
    const { key, state } = outcome;
    const row = state === 'acked' ? 'acked' : state === 'refused' ? 'refused' : 'unconfirmed';
    void this.options.mark(key, row, outcome.text);
    if (state !== 'acked') this.tellRefused(key, outcome.text);
    if (this.awaited?.key === key) this.awaited.resolve();
  }

  private tellRefused(key: string, answer: string): void {
    const { transport, channel } = this.parts.settings.sal;
    const id = key.split(':')[0] ?? key;
    const row: OutboxRow = {
      key: `${key}:refused`,
      op: id,
      at: this.parts.clock.now(),
      transport,
      channel,
      kind: 'chat',
      announcement: { kind: 'log-refused', id, answer },
    };
    void this.parts.store.addRows([row]).then(() => {
      this.options.offer([row]);
    });
  }

  /** Whether the answer to a line would be noticed: a relay says lines also while this process is not in the channel. */
  private canHear(): boolean {
    if (this.parts.settings.sal.acknowledgedBy === undefined) return false;
    return this.parts.chats.some((chat) => chat.transport === EAR && chat.state() === 'ready');
  }

  private chat(): Chat | undefined {
    return this.parts.chats.find(({ transport }) => transport === this.parts.settings.sal.transport);
  }

  private ownNick(): string {
    return this.chat()?.ownName() ?? '';
  }
}

/**
 * A line that says that something begins, and that comes when it is over, tells nobody anything: what came of it is said in one line.
 *
 * @param waiting the lane, in which the end then stands as the only line.
 * @returns false when the end is not there yet.
 */
function mergeWithEnd(row: OutboxRow & { readonly kind: 'sal' }, waiting: OutboxRow[]): boolean {
  if (row.record.phase !== 'start') return false;
  const at = waiting.findIndex(
    (one) => one.kind === 'sal' && one.record.phase === 'end' && one.op === row.op,
  );
  const end = waiting[at];
  if (end?.kind !== 'sal') return false;
  waiting[at] = { ...end, record: { ...end.record, phase: 'done' } };
  return true;
}
