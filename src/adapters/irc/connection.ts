import type { IrcEvent, IrcWhoUser } from 'irc-framework';
import { Client } from 'irc-framework';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Actor, Inbound, Sent, Urgency } from '../../ports/chat.ts';
import { Identity, foldBy } from './identity.ts';
import { allowsReactions, toInbound } from './inbound.ts';
import type { IrcOptions } from './options.ts';
import { Echoes, isTarget, oneLine, roomFor } from './outbound.ts';
import { Pacer } from './pacer.ts';
import { transportFor } from './transport.ts';

/** Why a connection ended. */
export type End = 'refused-login' | 'closed';

/** What a connection tells its supervisor. */
export interface ConnectionEvents {
  readonly ready: () => void;
  /** Once, and nothing after it. */
  readonly ended: (why: End) => void;
  readonly heard: (event: Inbound) => void;
}

/** Client tags and echoes are asked for; what the server does not offer is done without. */
const WANTED = ['echo-message', 'labeled-response'];

let epochs = 0;

/**
 * One connection from its first byte to its end: login before join, ready only after our own JOIN and the WHO answer of every channel. A new one is
 * made for every try, so that nothing of an old one can come back.
 */
export class Connection {
  private readonly options: IrcOptions;
  private readonly events: ConnectionEvents;
  private readonly client = new Client();
  private readonly pacer: Pacer;
  private readonly echoes: Echoes;
  private readonly epoch: number;
  private readonly deadline: NodeJS.Timeout;
  private readonly waitingFor: Set<string>;
  private identity = new Identity(foldBy(undefined));
  private nick: string;
  private mask: string | undefined;
  private isLoggedIn = false;
  private isReady = false;
  private hasEnded = false;
  /** Our own lines come back without an id: then nobody can say which one they react to. */
  private idsMissing = false;
  private joinedAt = 0;
  private liveSince = 0;
  private counter = 0;

  constructor(options: IrcOptions, events: ConnectionEvents) {
    this.options = options;
    this.events = events;
    this.nick = options.nick;
    this.pacer = new Pacer(options.rate, options.now);
    this.echoes = new Echoes(options.bounds.echoWithinMs);
    this.waitingFor = new Set(options.channels);
    this.epoch = ++epochs;
    this.deadline = setTimeout(() => {
      if (!this.isReady) this.end('closed');
    }, options.bounds.readyWithinMs);
    this.wire();
    this.connect();
  }

  get ownNick(): string {
    return this.nick;
  }

  roomBytes(channel: string): number {
    return roomFor(this.mask, channel);
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

  present(): readonly Actor[] {
    return this.identity.all().map(({ nick, account }) => ({ transport: 'irc', account, display: nick }));
  }

  /** The one way out. Targets and text are made harmless here, whoever the caller is. */
  send(
    target: string,
    text: string,
    options: { readonly key: string; readonly urgency: Urgency },
  ): Promise<Result<Sent>> {
    if (!this.isReady)
      return Promise.resolve(fail({ kind: 'chat-down', transport: 'irc', cause: 'not ready' }));
    if (!isTarget(target))
      return Promise.resolve(
        fail({ kind: 'chat-refused', transport: 'irc', channel: target, cause: 'no valid target' }),
      );
    const room = this.roomBytes(target);
    const line = oneLine(text, room);
    if (options.urgency === 'log' && Buffer.byteLength(text) > room) {
      return Promise.resolve(
        fail({
          kind: 'chat-refused',
          transport: 'irc',
          channel: target,
          cause: `${String(Buffer.byteLength(text))} bytes, room for ${String(room)}`,
        }),
      );
    }
    return new Promise((resolve) => {
      this.pacer.push({
        key: options.key,
        urgency: options.urgency,
        send: () => {
          resolve(this.write(target, line));
        },
        drop: () => {
          resolve({ ok: true, value: { proof: 'none', ref: undefined } });
        },
      });
    });
  }

  /** Says goodbye, within the bound. */
  async quit(): Promise<void> {
    if (this.hasEnded) return;
    this.client.quit('Sluice ends');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.bounds.quitWithinMs);
      this.client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.end('closed');
  }

  private connect(): void {
    const { host, port, account, bounds, version, tls } = this.options;
    const certificate = account.kind === 'external' ? account : { cert: undefined, key: undefined };
    this.client.requestCap(WANTED);
    this.client.connect({
      host,
      port,
      nick: this.options.nick,
      username: 'sluice',
      gecos: 'Sluice: production traffic, on request',
      version,
      tls: tls !== false,
      auto_reconnect: false,
      ping_interval: Math.ceil(bounds.pingEveryMs / 1000),
      ping_timeout: Math.ceil(bounds.pingTimeoutMs / 1000),
      sasl_disconnect_on_fail: true,
      enable_echomessage: true,
      ...(account.kind === 'plain'
        ? { account: { account: account.name, password: account.password } }
        : { account: { account: this.options.nick }, sasl_mechanism: 'EXTERNAL' }),
      transport: transportFor({
        host,
        port,
        tls: tls === false ? false : { ca: tls.ca, cert: certificate.cert, key: certificate.key },
      }),
    });
  }

  private wire(): void {
    const { client } = this;
    client.on('sasl failed', ({ reason }: { reason?: string }) => {
      this.end(reason === 'fail' ? 'refused-login' : 'closed');
    });
    client.on('loggedin', () => {
      this.isLoggedIn = true;
    });
    client.on('registered', ({ nick }: IrcEvent) => {
      this.registered(nick);
    });
    client.on('nick in use', () => {
      if (!this.isReady) {
        this.nick = `${this.nick}_`.slice(0, 30);
        client.changeNick(this.nick);
      }
    });
    client.on('join', (event: IrcEvent) => {
      this.joined(event);
    });
    client.on('account', ({ nick, account }: IrcEvent) => {
      this.identity.set(nick, account);
    });
    client.on('nick', ({ nick, new_nick: to }: IrcEvent) => {
      this.renamed(nick, to ?? nick);
    });
    client.on('quit', ({ nick }: IrcEvent) => {
      this.identity.forget(nick);
    });
    for (const leaving of ['part', 'kick']) {
      client.on(leaving, (event: IrcEvent & { kicked?: string }) => {
        this.left(event.kicked ?? event.nick, event.channel ?? '');
      });
    }
    client.on('privmsg', (event: IrcEvent) => {
      this.received(event, event.message ?? '');
    });
    client.on('tagmsg', (event: IrcEvent) => {
      this.received(event, undefined);
    });
    client.on('pong', ({ message }: { message?: string }) => {
      if (message !== undefined) this.echoes.taken(message);
    });
    client.on(
      'irc error',
      ({ error, channel, reason }: { error?: string; channel?: string; reason?: string }) => {
        if (error === 'cannot_send_to_channel' && channel !== undefined)
          this.echoes.refused(channel, reason ?? error);
      },
    );
    client.on('socket error', () => undefined);
    client.on('close', () => {
      this.end('closed');
    });
  }

  /** Without its account the bot is nobody: then it does not join at all. */
  private registered(nick: string): void {
    this.nick = nick;
    if (!this.isLoggedIn) {
      this.end('closed');
      return;
    }
    this.identity = new Identity(foldBy(this.client.network.supports('CASEMAPPING')));
    for (const channel of this.options.channels) this.client.join(channel);
    if (nick !== this.options.nick) this.regain();
  }

  /** Services end whoever holds our nick; then it is ours again. */
  private regain(): void {
    this.client.raw(`PRIVMSG NickServ :GHOST ${this.options.nick}`);
    setTimeout(() => {
      if (!this.hasEnded) this.client.changeNick(this.options.nick);
    }, 1500).unref();
  }

  private joined(event: IrcEvent): void {
    const { nick, account, ident, hostname, channel = '' } = event;
    if (!this.client.caseCompare(nick, this.nick)) {
      this.identity.set(nick, account);
      return;
    }
    this.mask = `${nick}!${ident ?? ''}@${hostname ?? ''}`;
    this.joinedAt = this.options.now();
    this.liveSince = event.time ?? this.joinedAt;
    this.client.who(channel, ({ users }) => {
      this.counted(channel, users);
    });
  }

  private counted(channel: string, users: readonly IrcWhoUser[]): void {
    for (const { nick, account } of users) this.identity.set(nick, account);
    const waited = [...this.waitingFor].find((one) => this.client.caseCompare(one, channel));
    if (waited !== undefined) this.waitingFor.delete(waited);
    if (this.waitingFor.size > 0 || this.isReady || this.hasEnded) return;
    this.isReady = true;
    clearTimeout(this.deadline);
    this.events.ready();
  }

  private renamed(from: string, to: string): void {
    this.identity.rename(from, to);
    if (!this.client.caseCompare(from, this.nick)) return;
    this.nick = to;
    this.mask = this.mask?.replace(/^[^!]*/, to);
  }

  /** Out of a channel, Sluice is deaf there: it begins anew and joins again. */
  private left(nick: string, channel: string): void {
    if (!this.client.caseCompare(nick, this.nick)) return;
    if (this.options.channels.some((one) => this.client.caseCompare(one, channel))) this.end('closed');
  }

  private received(event: IrcEvent, text: string | undefined): void {
    const tags = event.tags ?? {};
    if (this.client.caseCompare(event.nick, this.nick)) {
      this.echoed(event, text, tags);
      return;
    }
    if (!this.isReady) return;
    this.counter++;
    const { options } = this;
    const inbound = toInbound(
      {
        nick: event.nick,
        target: event.target ?? '',
        text,
        tags,
        time: event.time,
        batchType: event.batch?.type,
        account: this.accountOf(event),
      },
      {
        ownNick: this.nick,
        channels: options.channels,
        same: (a, b) => this.client.caseCompare(a, b),
        now: options.now(),
        liveSince: this.liveSince,
        hasServerTime: this.has('server-time'),
        joinedAt: this.joinedAt,
        fallbackKey: `irc:${options.host}:${String(this.epoch)}-${String(options.now())}:${String(this.counter)}`,
        network: options.host,
      },
    );
    if (inbound !== undefined) this.events.heard(inbound);
  }

  private echoed(event: IrcEvent, text: string | undefined, tags: Readonly<Record<string, string>>): void {
    if (text === undefined) return;
    const { msgid, label } = tags;
    this.idsMissing = msgid === undefined;
    const channel =
      this.options.channels.find((one) => this.client.caseCompare(one, event.target ?? '')) ??
      event.target ??
      '';
    this.echoes.seen({ label, channel, text, msgid });
  }

  /** The account tag is the server's word for this very message; the map is the fallback where there are no such tags. */
  private accountOf({ nick, account }: IrcEvent): string | undefined {
    if (!this.has('account-tag')) return this.identity.accountOf(nick);
    return typeof account === 'string' && account !== '' && account !== '*' ? account : undefined;
  }

  private write(target: string, line: string): Promise<Result<Sent>> {
    if (this.hasEnded)
      return Promise.resolve(fail({ kind: 'chat-down', transport: 'irc', cause: 'connection closed' }));
    this.counter++;
    const label = `s${String(this.epoch)}-${String(this.counter)}`;
    const echo = this.echoes.await({ label, channel: target, text: line });
    const tag = this.has('labeled-response') && this.has('message-tags') ? `@label=${label} ` : '';
    this.client.raw(`${tag}PRIVMSG ${target} :${line}`);
    if (!this.has('echo-message')) this.client.raw(`PING ${label}`);
    return echo;
  }

  private has(capability: string): boolean {
    return this.client.network.cap.isEnabled(capability);
  }

  private end(why: End): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.isReady = false;
    clearTimeout(this.deadline);
    for (const line of this.pacer.clear()) line.send();
    this.echoes.lost();
    this.client.removeAllListeners();
    this.client.on('error', () => undefined);
    this.client.quit('');
    this.events.ended(why);
  }
}
