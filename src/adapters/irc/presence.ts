import type { Client, IrcCapabilities, IrcEvent, IrcUnknown } from 'irc-framework';
import { Identity, accountName } from './identity.ts';
import { otherNick, roomFor } from './line.ts';

/** How long services get to end whoever holds our nick, before it is taken. */
const GHOST_TAKES_MS = 1500;

/** Without one of these the server does not tell of everybody who somebody is. */
const TELL_ACCOUNTS = ['account-notify', 'extended-join'];
/** A nick may be held by services for a while; more refusals than these, and no other would do either. */
const MOST_NICKS_REFUSED = 3;

/** What a connection wants to be told of presence. */
export interface PresenceOptions {
  readonly nick: string;
  readonly channels: readonly string[];
  readonly regainEveryMs: number;
  readonly now: () => number;
  /** We are in every channel and know who is there. Once. */
  readonly inAll: () => void;
  /** We are no longer in a channel, or may have no name. */
  readonly out: (cause: string) => void;
}

/** Who we are on a connection, and who is in our channels: nick, mask and the accounts behind nicks. */
export class Presence {
  private readonly client: Client;
  private readonly options: PresenceOptions;
  private readonly identity: Identity;
  private readonly waitingFor: Set<string>;
  private regainTimer: NodeJS.Timeout | undefined;
  private mask: string | undefined;
  private isWelcome = false;
  private isClosed = false;
  private nicksRefused = 0;
  /** What we are called now. */
  nick: string;
  /** When we joined last, by our clock. */
  joinedAt = 0;
  /** When we joined last, by the server's clock: what was said before is history. */
  liveSince = 0;

  constructor(client: Client, options: PresenceOptions) {
    this.client = client;
    this.options = options;
    this.nick = options.nick;
    this.waitingFor = new Set(options.channels);
    this.identity = new Identity((name) => client.caseLower(name));
    this.wire();
  }

  /** The server has taken us in, under this nick. */
  welcomed(nick: string): void {
    this.nick = nick;
    this.isWelcome = true;
    for (const channel of this.options.channels) this.client.join(channel);
    this.regain();
  }

  /** One of our own lines came back: it shows what others see before our text. */
  seenAs({ nick, ident, hostname }: IrcEvent): void {
    if (ident !== undefined && hostname !== undefined) this.mask = `${nick}!${ident}@${hostname}`;
  }

  roomBytes(target: string): number {
    return roomFor(this.mask, target);
  }

  isOwn(nick: string): boolean {
    return this.client.caseCompare(nick, this.nick);
  }

  isConfigured(channel: string): boolean {
    return this.options.channels.some((one) => this.client.caseCompare(one, channel));
  }

  /** Whether somebody of that name is in a channel; logged in under it, where the server tells that. */
  isPresent(channel: string, account: string): boolean {
    const { cap } = this.client.network;
    const isTold = TELL_ACCOUNTS.every((one) => cap.isEnabled(one));
    return this.identity.isIn(account, channel) && (!isTold || this.identity.accountOf(account) === account);
  }

  /**
   * The account tag is the server's word for this very message. Without it, what the server told when people came, logged in and out; if it does not
   * tell all of that, nobody is identified.
   */
  accountOf({ nick, account }: IrcEvent): string | undefined {
    const { cap } = this.client.network;
    if (cap.isEnabled('account-tag')) return accountName(account);
    const isTold = TELL_ACCOUNTS.every((one) => cap.isEnabled(one));
    return isTold ? this.identity.accountOf(nick) : undefined;
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.regainTimer);
  }

  private wire(): void {
    const { client, identity } = this;
    client.on('nick in use', () => {
      this.tryOtherNick();
    });
    client.on('nick invalid', ({ reason }: { readonly reason: string }) => {
      this.nickRefused(reason);
    });
    // Services hold it, or it is on the other side of a netsplit: the library has no word for it.
    client.on('unknown command', ({ command, params }: IrcUnknown) => {
      if (command === '437') this.nickRefused(params.at(-1) ?? command);
    });
    client.on('cap del', ({ capabilities }: IrcCapabilities) => {
      if (TELL_ACCOUNTS.some((one) => one in capabilities)) identity.forgetAll();
    });
    client.on('cap ack', ({ capabilities }: IrcCapabilities) => {
      if (this.isWelcome && TELL_ACCOUNTS.some((one) => one in capabilities))
        for (const channel of this.options.channels) this.count(channel);
    });
    client.on('join', (event: IrcEvent) => {
      if (this.isOwn(event.nick)) this.joined(event);
      else identity.enter(event.nick, event.channel ?? '', event.account);
    });
    client.on('account', ({ nick, account }: IrcEvent) => {
      identity.set(nick, account);
    });
    client.on('nick', ({ nick, new_nick: to }: IrcEvent) => {
      this.renamed(nick, to ?? nick);
    });
    client.on('quit', ({ nick }: IrcEvent) => {
      identity.forget(nick);
      this.freed(nick);
    });
    client.on('displayed host', ({ hostname }: IrcEvent) => {
      if (hostname !== undefined) this.mask = this.mask?.replace(/@.*$/, `@${hostname}`);
    });
    for (const leaving of ['part', 'kick']) {
      client.on(leaving, (event: IrcEvent) => {
        this.left(event.kicked ?? event.nick, event.channel ?? '', leaving);
      });
    }
  }

  private joined(event: IrcEvent): void {
    const { channel = '', time } = event;
    this.seenAs(event);
    this.joinedAt = this.options.now();
    this.liveSince = time ?? this.joinedAt;
    this.count(channel);
  }

  private count(channel: string): void {
    const answered = this.identity.ask(channel);
    this.client.who(channel, ({ users }) => {
      answered(users);
      this.counted(channel);
    });
  }

  private counted(channel: string): void {
    const waited = [...this.waitingFor].find((one) => this.client.caseCompare(one, channel));
    if (waited === undefined || this.isClosed) return;
    this.waitingFor.delete(waited);
    if (this.waitingFor.size === 0) this.options.inAll();
  }

  private tryOtherNick(): void {
    if (this.isWelcome) return;
    this.nick = otherNick(this.nick);
    this.client.changeNick(this.nick);
  }

  private nickRefused(reason: string): void {
    if (this.isWelcome) return;
    this.nicksRefused++;
    if (this.nicksRefused < MOST_NICKS_REFUSED) this.tryOtherNick();
    else this.options.out(`the nick ${this.nick} is refused: ${reason}`);
  }

  private renamed(from: string, to: string): void {
    this.identity.rename(from, to);
    if (!this.isOwn(from)) {
      this.freed(from);
      return;
    }
    this.nick = to;
    this.mask = this.mask?.replace(/^[^!]*/, to);
    clearTimeout(this.regainTimer);
    this.regain();
  }

  /** Out of a channel, Sluice is deaf there. */
  private left(nick: string, channel: string, how: string): void {
    if (!this.isOwn(nick)) this.identity.leave(nick, channel);
    else if (this.isConfigured(channel)) this.options.out(`${how} from ${channel}`);
  }

  /** Services end whoever holds our nick; then it is ours again. Asked again and again, since services may be away. */
  private regain(): void {
    if (this.isClosed || this.isOwn(this.options.nick)) return;
    this.client.raw(`PRIVMSG NickServ :GHOST ${this.options.nick}`);
    this.regainTimer = setTimeout(() => {
      this.client.changeNick(this.options.nick);
      this.regainTimer = setTimeout(() => {
        this.regain();
      }, this.options.regainEveryMs);
    }, GHOST_TAKES_MS);
  }

  private freed(nick: string): void {
    if (!this.isOwn(nick) && this.client.caseCompare(nick, this.options.nick)) this.client.changeNick(nick);
  }
}
