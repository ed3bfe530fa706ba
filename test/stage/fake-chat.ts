import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Card } from '../../src/core/card.ts';
import type {
  Actor,
  Chat,
  ChatCapabilities,
  ChatState,
  Inbound,
  Sent,
  ShowOptions,
} from '../../src/ports/chat.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** A line that Sluice sent. */
export interface SentLine {
  readonly id: string;
  readonly channel: string;
  readonly line: string;
}

/** One network in memory: what people say is injected, what Sluice says is collected, and it fails when a test says so. */
export class FakeChat implements Chat {
  readonly transport: string;
  /** The network has cards, buttons, edits. */
  edits = false;
  readonly acknowledges: boolean;
  private readonly own: string;
  readonly channels: readonly string[];
  readonly sent: SentLine[] = [];
  reactions = true;
  isPrivate = false;
  /** Role -> accounts that a group of the network gives it to. */
  groups: Readonly<Record<string, readonly string[]>> = {};
  /** The role whose group cannot be read now. */
  unread: string | undefined;
  roomBytes = 400;
  /** Called for each line that leaves, in order. */
  onLine: ((line: string) => void) | undefined;
  /** Called for each line before it is answered for: a moment for things to go wrong. */
  onSend: ((line: string) => void) | undefined;
  /** The network takes lines and does not give them back. */
  echoes = true;
  /** Who is not in the channels, of those who might be. */
  absent = new Set<string>();
  private refusal: string | undefined;
  private now: ChatState = 'ready';
  private hear: ((event: Inbound) => Promise<void>) | undefined;
  private onState: ((state: ChatState) => void) | undefined;
  private counter = 0;
  private last: Inbound | undefined;
  private readonly clock: Clock;

  /** @param own what its lines begin with in a story: `#ops`. */
  constructor(
    clock: Clock,
    options: { readonly transport: string; readonly channels: readonly string[]; readonly own: string },
  ) {
    this.clock = clock;
    this.channels = options.channels;
    this.transport = options.transport;
    this.acknowledges = options.transport === 'slack';
    this.own = options.own;
  }

  start(hear: (event: Inbound) => Promise<void>, onState: (state: ChatState) => void): void {
    this.hear = hear;
    this.onState = onState;
  }

  /** Somebody says something; `account` undefined is somebody who is not logged in. */
  async say(
    nick: string,
    account: string | undefined,
    text: string,
    more: Partial<Pick<Inbound, 'replay' | 'at' | 'channel'>> = {},
  ): Promise<void> {
    const addressed = /^sluice[:,]\s*/.exec(text);
    this.counter++;
    const id = `m${String(this.counter)}`;
    const channel = 'channel' in more ? more.channel : this.channels[0];
    await this.deliver({
      kind: 'text',
      eventKey: `${this.transport}:${id}`,
      at: more.at ?? this.clock.now(),
      replay: more.replay ?? false,
      channel,
      actor: this.actor(nick, account),
      ref: { transport: this.transport, channel: channel ?? nick, id },
      text: addressed === null ? text : text.slice(addressed[0].length),
      addressed: addressed !== null,
      inReplyTo: undefined,
    });
  }

  /** Somebody reacts to a line. */
  async react(
    nick: string,
    account: string | undefined,
    targetId: string,
    emoji: string,
    removed = false,
  ): Promise<void> {
    this.counter++;
    await this.deliver({
      kind: 'reaction',
      eventKey: `${this.transport}:m${String(this.counter)}`,
      at: this.clock.now(),
      replay: false,
      channel: this.channels[0],
      actor: this.actor(nick, account),
      targetId,
      emoji,
      removed,
    });
  }

  /** Somebody presses a button of a card. */
  async press(
    nick: string,
    account: string | undefined,
    targetId: string,
    { action, id }: { readonly action: 'approve' | 'deny' | 'cancel' | 'undo'; readonly id: string },
  ): Promise<void> {
    this.counter++;
    await this.deliver({
      kind: 'action',
      eventKey: `${this.transport}:m${String(this.counter)}`,
      at: this.clock.now(),
      replay: false,
      channel: this.channels[0],
      actor: this.actor(nick, account),
      targetId,
      action,
      value: id,
    });
  }

  /** Somebody changes or removes what they said last. */
  async rewrite(nick: string, account: string | undefined, kind: 'edited' | 'deleted'): Promise<void> {
    const eventKeyBefore = this.last?.eventKey ?? '';
    this.counter++;
    await this.deliver({
      kind,
      eventKey: `${this.transport}:m${String(this.counter)}`,
      at: this.clock.now(),
      replay: false,
      channel: this.channels[0],
      actor: this.actor(nick, account),
      eventKeyBefore,
    });
  }

  /** The network delivers the last event once more. */
  async again(): Promise<void> {
    if (this.last !== undefined) await this.deliver(this.last);
  }

  /** The id of the newest line that matches. */
  idOf(pattern: RegExp): string {
    return this.sent.find(({ line }) => pattern.test(line))?.id ?? 'none';
  }

  goDown(): void {
    this.now = 'down';
    this.onState?.('down');
  }

  comeBack(): void {
    this.now = 'ready';
    this.onState?.('ready');
  }

  refuseNext(cause: string): void {
    this.refusal = cause;
  }

  state(): ChatState {
    return this.now;
  }

  isPresent(_channel: string, account: string): boolean {
    return !this.absent.has(account);
  }

  ownName(): string {
    return 'sluice';
  }

  capabilities(): ChatCapabilities {
    const { reactions, roomBytes, edits, isPrivate } = this;
    return { reactions, roomBytes, edits, isPrivate };
  }

  send(channel: string, line: string): Promise<Result<Sent>> {
    if (this.now !== 'ready')
      return Promise.resolve(fail({ kind: 'chat-down', transport: this.transport, cause: 'not connected' }));
    if (this.refusal !== undefined) {
      const cause = this.refusal;
      this.refusal = undefined;
      return Promise.resolve(fail({ kind: 'chat-refused', transport: this.transport, channel, cause }));
    }
    const id = `${this.transport}-s${String(this.sent.length + 1)}`;
    this.sent.push({ id, channel, line });
    this.onLine?.(`${this.own} <sluice> ${line}`);
    this.onSend?.(line);
    return Promise.resolve(
      ok({
        proof: this.echoes ? 'echo' : 'none',
        ref: this.echoes ? { transport: this.transport, channel, id } : undefined,
      }),
    );
  }

  /** A card is one line of a story: what it says of itself, and what can be pressed. */
  show(channel: string, card: Card, { ref, thread, line }: ShowOptions): Promise<Result<Sent>> {
    const buttons = card.buttons.length === 0 ? '' : ` [${card.buttons.join('] [')}]`;
    const shown = `card ${card.title}: ${card.status}${buttons}`;
    if (ref === undefined) return this.send(channel, `${shown} | ${line}`);
    const gone = this.now !== 'ready';
    if (!gone) this.onLine?.(`${this.own} <sluice> ${shown}${thread ? ` | in its thread: ${line}` : ''}`);
    return gone
      ? Promise.resolve(fail({ kind: 'chat-down', transport: this.transport, cause: 'not connected' }))
      : Promise.resolve(ok({ proof: 'echo', ref }));
  }

  tell({ display: nick }: Actor, line: string): Promise<Result<void>> {
    this.onLine?.(`to ${nick} in private: ${line}`);
    return Promise.resolve(ok(undefined));
  }

  identify(actor: Actor): Promise<Actor> {
    return Promise.resolve(actor);
  }

  rolesOf(account: string): Promise<Result<Readonly<Record<string, boolean>>>> {
    if (this.unread !== undefined)
      return Promise.resolve(fail({ kind: 'group-unread', role: this.unread, cause: 'no answer' }));
    const held = Object.entries(this.groups).map(
      ([role, members]) => [role, members.includes(account)] as const,
    );
    return Promise.resolve(ok(Object.fromEntries(held)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async deliver(event: Inbound): Promise<void> {
    this.last = event;
    await this.hear?.(event);
  }

  private actor(nick: string, account: string | undefined): Actor {
    const refused = account?.startsWith('guest:') === true ? 'guest' : undefined;
    return {
      transport: this.transport,
      account: refused === undefined ? account : account?.slice('guest:'.length),
      display: nick,
      ...(refused === undefined ? {} : { refused }),
    };
  }
}
