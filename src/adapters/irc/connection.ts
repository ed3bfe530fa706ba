import type { IrcError, IrcEvent, IrcUnknown } from 'irc-framework';
import { Client } from 'irc-framework';
import type { Result } from '../../core/result.ts';
import type { Inbound, Sent, Urgency } from '../../ports/chat.ts';
import { connectClient } from './client.ts';
import { allowsReactions, toInbound } from './inbound.ts';
import { isNick } from './line.ts';
import type { IrcOptions } from './options.ts';
import { Outbound } from './outbound.ts';
import { Presence } from './presence.ts';
import { isRefusal } from './refusals.ts';

/** Why a connection ended; `cause` is for the log. */
export interface End {
  readonly kind: 'refused-login' | 'closed';
  readonly cause: string;
}

/** What a connection tells its supervisor. */
export interface ConnectionEvents {
  readonly ready: () => void;
  /** Once, and nothing after it. */
  readonly ended: (why: End) => void;
  readonly heard: (event: Inbound) => void;
  /** The library stumbled over a line; the connection goes on. */
  readonly broken: (line: string, cause: unknown) => void;
  /** The channel has another text than was sent. */
  readonly altered: (sent: string, seen: string) => void;
}

/** Answers to CTCP VERSION: strangers may ask, and must not be able to make us flood. */
const VERSION_EVERY_MS = 10_000;
let epochs = 0;

/**
 * One connection from its first byte to its end: login before join, ready only after our own JOIN and the WHO answer of every channel. A new one is
 * made for every try, so that nothing of an old one can come back.
 */
export class Connection {
  private readonly options: IrcOptions;
  private readonly events: ConnectionEvents;
  private readonly client = new Client();
  private readonly outbound: Outbound;
  private readonly presence: Presence;
  private readonly epoch = ++epochs;
  private readonly socketEnd = new AbortController();
  private readonly deadline: NodeJS.Timeout;
  /** What is waited for, or what the server said last, for the log. */
  private stage: string;
  private isLoggedIn = false;
  private isReady = false;
  private hasEnded = false;
  /** Our own lines come back without an id: then nobody can say which one they react to. */
  private idsMissing = false;
  private versionToldAt = 0;
  private counter = 0;

  constructor(options: IrcOptions, events: ConnectionEvents) {
    const { bounds, host, port } = options;
    this.options = options;
    this.events = events;
    this.stage = `waited for the connection to ${host}:${String(port)}`;
    this.presence = this.makePresence();
    this.outbound = this.makeOutbound();
    this.deadline = setTimeout(() => {
      this.end('closed', `not ready after ${String(bounds.readyWithinMs)} ms: ${this.stage}`);
    }, bounds.readyWithinMs);
    this.wireLife();
    this.wireMessages();
    connectClient(this.client, options, { signal: this.socketEnd.signal, onBroken: events.broken });
  }

  get ownNick(): string {
    return this.presence.nick;
  }

  roomBytes(target: string): number {
    return this.presence.roomBytes(target);
  }

  /** People can react when the server passes client tags on and we know the ids of our own messages. */
  get hasReactions(): boolean {
    return (
      !this.idsMissing &&
      this.has('message-tags') &&
      this.has('echo-message') &&
      allowsReactions(this.client.network.supports('CLIENTTAGDENY'))
    );
  }

  isPresent(channel: string, account: string): boolean {
    return this.presence.isPresent(channel, account);
  }

  send(
    target: string,
    text: string,
    options: { readonly key: string; readonly urgency: Urgency },
  ): Promise<Result<Sent>> {
    return this.outbound.send(target, text, options);
  }

  /** Says goodbye, within the bound. */
  async quit(): Promise<void> {
    if (this.hasEnded) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.bounds.quitWithinMs);
      this.client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.outbound.close();
      this.client.quit('Sluice ends');
    });
    this.socketEnd.abort();
    this.end('closed', 'Sluice ends');
  }

  private makePresence(): Presence {
    const { nick, channels, bounds, now } = this.options;
    return new Presence(this.client, {
      nick,
      channels,
      regainEveryMs: bounds.regainEveryMs,
      now,
      inAll: () => {
        this.isReady = true;
        this.stage = 'the other side closed the connection';
        clearTimeout(this.deadline);
        this.events.ready();
      },
      out: (cause) => {
        this.end('closed', cause);
      },
    });
  }

  private makeOutbound(): Outbound {
    const { bounds, rate, now } = this.options;
    return new Outbound(
      {
        raw: (line) => {
          this.client.raw(line);
        },
        has: (capability) => this.has(capability),
        same: (a, b) => this.client.caseCompare(a, b),
        roomBytes: (target) => this.roomBytes(target),
        now,
        altered: this.events.altered,
      },
      { rate, echoWithinMs: bounds.echoWithinMs, mostWaiting: bounds.mostWaiting, epoch: this.epoch },
    );
  }

  private wireLife(): void {
    const { client } = this;
    client.on('socket connected', () => {
      this.stage = 'waited for the login';
    });
    client.on('sasl failed', ({ reason = 'unknown' }: { reason?: string }) => {
      this.end(reason === 'fail' ? 'refused-login' : 'closed', `SASL: ${reason}`);
    });
    client.on('loggedin', () => {
      this.isLoggedIn = true;
    });
    client.on('loggedout', () => {
      this.end('closed', 'services have logged us out');
    });
    client.on('registered', ({ nick }: IrcEvent) => {
      this.stage = `waited for ${this.options.channels.join(', ')}`;
      // Without its account the bot is nobody: then it does not join at all.
      if (this.isLoggedIn) this.presence.welcomed(nick);
      else this.end('closed', 'connected without being logged in');
    });
    client.on('irc error', (error: IrcError) => {
      this.refused(error);
    });
    client.on('unknown command', ({ command, params }: IrcUnknown) => {
      const [, channel = ''] = params;
      if (isRefusal(command)) this.refused({ error: command, channel, reason: params.at(-1) ?? command });
    });
    client.on('ping timeout', () => {
      this.end('closed', `no answer for ${String(this.options.bounds.pingTimeoutMs)} ms`);
    });
    client.on('socket close', (error?: Error) => {
      if (error !== undefined) this.stage = error.message;
    });
    client.on('close', () => {
      this.end('closed', `closed: ${this.stage}`);
    });
  }

  private wireMessages(): void {
    const { client } = this;
    client.on('privmsg', (event: IrcEvent) => {
      this.received(event, event.message ?? '');
    });
    client.on('tagmsg', (event: IrcEvent) => {
      this.received(event, undefined);
    });
    client.on('pong', ({ message }: { message?: string }) => {
      if (message !== undefined) this.outbound.answered(message);
    });
    client.on('ctcp request', ({ nick, type }: IrcEvent & { type?: string }) => {
      if (type === 'VERSION') this.tellVersion(nick);
    });
  }

  private refused({ error, channel, nick, reason = error }: IrcError): void {
    const to = channel ?? nick;
    if (error === 'irc') this.stage = reason;
    else if (to === undefined) return;
    else if (!this.isReady && this.presence.isConfigured(to))
      this.end('closed', `may not join ${to}: ${reason}`);
    else if (isRefusal(error)) this.outbound.refused(to, reason);
  }

  private received(event: IrcEvent, text: string | undefined): void {
    const { presence, options } = this;
    const { nick, target = '', tags = {}, time, group, batch } = event;
    if (presence.isOwn(nick)) {
      if (text !== undefined) this.echoed(event, text, tags);
      return;
    }
    // What is said to a part of a channel is not said in the open.
    if (!this.isReady || group !== undefined) return;
    this.counter++;
    const now = options.now();
    const inbound = toInbound(
      { nick, target, text, tags, time, batchType: batch?.type, account: presence.accountOf(event) },
      {
        ownNick: presence.nick,
        channels: options.channels,
        same: (a, b) => this.client.caseCompare(a, b),
        now,
        liveSince: presence.liveSince,
        hasServerTime: this.has('server-time'),
        joinedAt: presence.joinedAt,
        fallbackKey: `irc:${options.host}:${String(this.epoch)}-${String(now)}:${String(this.counter)}`,
        network: options.host,
      },
    );
    if (inbound !== undefined) this.events.heard(inbound);
  }

  private echoed(event: IrcEvent, text: string, tags: Readonly<Record<string, string>>): void {
    const { msgid, label } = tags;
    this.presence.seenAs(event);
    // Without tags there are no ids, which says nothing of the time when there are tags again.
    if (this.has('message-tags')) this.idsMissing = msgid === undefined;
    this.outbound.echoed({ label, target: event.target ?? '', text, msgid });
  }

  private tellVersion(nick: string): void {
    const now = this.options.now();
    if (!isNick(nick) || now - this.versionToldAt < VERSION_EVERY_MS) return;
    this.versionToldAt = now;
    this.client.raw(`NOTICE ${nick} :\x01VERSION ${this.options.version}\x01`);
  }

  private has(capability: string): boolean {
    return this.client.network.cap.isEnabled(capability);
  }

  /** The state is told in the same turn in which lost lines resolve: whoever waited for one then sees that the network is down. */
  private end(kind: End['kind'], cause: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.isReady = false;
    clearTimeout(this.deadline);
    this.presence.close();
    this.outbound.close();
    this.client.removeAllListeners();
    this.client.quit('');
    setTimeout(() => {
      this.socketEnd.abort();
    }, this.options.bounds.quitWithinMs).unref();
    this.events.ended({ kind, cause });
  }
}
