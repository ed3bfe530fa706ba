import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Actor, Chat, ChatCapabilities, ChatState, Inbound, Sent } from '../../src/ports/chat.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** A line that Sluice sent. */
export interface SentLine {
  readonly id: string;
  readonly channel: string;
  readonly line: string;
}

/** One network in memory: what people say is injected, what Sluice says is collected, and it fails when a test says so. */
export class FakeChat implements Chat {
  readonly transport = 'irc';
  readonly channels: readonly string[];
  readonly sent: SentLine[] = [];
  reactions = true;
  roomBytes = 400;
  /** Called for each line that leaves, in order. */
  onLine: ((line: string) => void) | undefined;
  /** Called for each line before it is answered for: a moment for things to go wrong. */
  onSend: ((line: string) => void) | undefined;
  /** The network takes lines and does not give them back. */
  echoes = true;
  private refusal: string | undefined;
  private now: ChatState = 'ready';
  private hear: ((event: Inbound) => Promise<void>) | undefined;
  private onState: ((state: ChatState) => void) | undefined;
  private counter = 0;
  private last: Inbound | undefined;
  private readonly clock: Clock;

  constructor(clock: Clock, channels: readonly string[]) {
    this.clock = clock;
    this.channels = channels;
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
      eventKey: `irc:${id}`,
      at: more.at ?? this.clock.now(),
      replay: more.replay ?? false,
      channel,
      actor: actor(nick, account),
      ref: { transport: 'irc', channel: channel ?? nick, id },
      text: addressed === null ? text : text.slice(addressed[0].length),
      addressed: addressed !== null,
      inReplyTo: undefined,
    });
  }

  /** Somebody reacts to a line. */
  async react(nick: string, account: string | undefined, targetId: string, emoji: string): Promise<void> {
    this.counter++;
    await this.deliver({
      kind: 'reaction',
      eventKey: `irc:m${String(this.counter)}`,
      at: this.clock.now(),
      replay: false,
      channel: this.channels[0],
      actor: actor(nick, account),
      targetId,
      emoji,
      removed: false,
    });
  }

  /** The network delivers the last event once more. */
  async again(): Promise<void> {
    if (this.last !== undefined) await this.deliver(this.last);
  }

  /** The id of the newest line that matches. */
  idOf(pattern: RegExp): string {
    return this.sent.findLast(({ line }) => pattern.test(line))?.id ?? 'none';
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

  ownName(): string {
    return 'sluice';
  }

  capabilities(): ChatCapabilities {
    return { reactions: this.reactions, roomBytes: this.roomBytes, edits: false };
  }

  send(channel: string, line: string): Promise<Result<Sent>> {
    if (this.now !== 'ready')
      return Promise.resolve(fail({ kind: 'chat-down', transport: 'irc', cause: 'not connected' }));
    if (this.refusal !== undefined) {
      const cause = this.refusal;
      this.refusal = undefined;
      return Promise.resolve(fail({ kind: 'chat-refused', transport: 'irc', channel, cause }));
    }
    const id = `s${String(this.sent.length + 1)}`;
    this.sent.push({ id, channel, line });
    this.onLine?.(`#ops <sluice> ${line}`);
    this.onSend?.(line);
    return Promise.resolve(
      ok({
        proof: this.echoes ? 'echo' : 'none',
        ref: this.echoes ? { transport: 'irc', channel, id } : undefined,
      }),
    );
  }

  tell(nick: string, line: string): Promise<Result<void>> {
    this.onLine?.(`to ${nick} in private: ${line}`);
    return Promise.resolve(ok(undefined));
  }

  present(): readonly Actor[] {
    return [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async deliver(event: Inbound): Promise<void> {
    this.last = event;
    await this.hear?.(event);
  }
}

function actor(nick: string, account: string | undefined): Actor {
  return { transport: 'irc', account, display: nick };
}
