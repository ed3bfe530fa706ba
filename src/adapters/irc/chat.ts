import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type {
  Actor,
  Chat,
  ChatCapabilities,
  ChatState,
  Inbound,
  SendOptions,
  Sent,
} from '../../ports/chat.ts';
import { Connection } from './connection.ts';
import type { End } from './connection.ts';
import { ROOM_UNTIL_KNOWN, isNick } from './line.ts';
import type { IrcOptions } from './options.ts';
import { waitBeforeRetry } from './retry.ts';

/** Message ids that are remembered, so that one that comes twice is heard once. */
const MOST_SEEN = 2000;

/** One IRC network. It connects for ever: the library would give up for good in common cases. */
export function openIrc(options: IrcOptions, log: Log): Chat {
  return new Supervisor(options, log);
}

class Supervisor implements Chat {
  readonly transport = 'irc';
  readonly oneVoice = true;
  readonly channels: readonly string[];
  private readonly options: IrcOptions;
  private readonly log: Log;
  private readonly seen = new Set<string>();
  private connection: Connection | undefined;
  private now: ChatState = 'down';
  private failures = 0;
  private readyAt: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closing = false;
  private hear: ((event: Inbound) => Promise<void>) | undefined;
  private onState: ((state: ChatState) => void) | undefined;

  constructor(options: IrcOptions, log: Log) {
    this.options = options;
    this.log = log;
    this.channels = options.channels;
  }

  start(hear: (event: Inbound) => Promise<void>, onState: (state: ChatState) => void): void {
    this.hear = hear;
    this.onState = onState;
    this.closing = false;
    this.connect();
  }

  state(): ChatState {
    return this.now;
  }

  ownName(): string {
    return this.connection?.ownNick ?? this.options.nick;
  }

  capabilities(channel: string): ChatCapabilities {
    const { connection } = this;
    return {
      reactions: connection?.hasReactions ?? false,
      roomBytes: connection?.roomBytes(channel) ?? ROOM_UNTIL_KNOWN,
      edits: false,
    };
  }

  isPresent(channel: string, account: string): boolean | undefined {
    return this.now === 'ready' ? this.connection?.isPresent(channel, account) : undefined;
  }

  send(channel: string, line: string, options: SendOptions): Promise<Result<Sent>> {
    if (this.connection === undefined || this.now !== 'ready') return Promise.resolve(this.down());
    if (!this.channels.includes(channel)) {
      return Promise.resolve(
        fail({ kind: 'chat-refused', transport: 'irc', channel, cause: 'no configured channel' }),
      );
    }
    return this.connection.send(channel, line, options);
  }

  async tell({ display: nick }: Actor, line: string): Promise<Result<void>> {
    if (this.connection === undefined || this.now !== 'ready') return this.down();
    if (!isNick(nick))
      return fail({ kind: 'chat-refused', transport: 'irc', channel: nick, cause: 'no nick' });
    const sent = await this.connection.send(nick, line, { key: `tell:${nick}`, urgency: 'result' });
    return sent.ok ? { ok: true, value: undefined } : sent;
  }

  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.timer);
    await this.connection?.quit();
  }

  private connect(): void {
    this.change('connecting');
    this.connection = new Connection(this.options, {
      ready: () => {
        this.readyAt = this.options.now();
        this.change('ready');
      },
      ended: (why) => {
        this.ended(why);
      },
      heard: (event) => {
        this.heard(event);
      },
      broken: (line, cause) => {
        this.log.warn({ line, cause: String(cause) }, 'irc: line not understood');
      },
      altered: (sent, seen) => {
        this.log.error({ sent, seen }, 'irc: the network has cut or changed a line');
      },
    });
  }

  private heard(event: Inbound): void {
    if (this.seen.has(event.eventKey)) return;
    this.seen.add(event.eventKey);
    const [oldest] = this.seen;
    if (this.seen.size > MOST_SEEN && oldest !== undefined) this.seen.delete(oldest);
    this.hear?.(event).catch((cause: unknown) => {
      this.log.error({ eventKey: event.eventKey, cause: String(cause) }, 'irc: event not heard');
    });
  }

  private ended(why: End): void {
    const { bounds, now, host } = this.options;
    const refusedLogin = why.kind === 'refused-login';
    this.connection = undefined;
    const healthy = this.readyAt !== undefined && now() - this.readyAt >= bounds.healthyAfterMs;
    this.readyAt = undefined;
    this.change('down');
    if (this.closing) return;
    this.failures = healthy ? 0 : this.failures + 1;
    const wait = waitBeforeRetry({ failures: this.failures, refusedLogin, random: Math.random() }, bounds);
    const fields = { host, cause: why.cause, failures: this.failures, retryInMs: wait };
    if (refusedLogin) this.log.error(fields, 'irc: the account and password were refused');
    else this.log.warn(fields, 'irc: connection ended');
    this.timer = setTimeout(() => {
      this.connect();
    }, wait);
  }

  private change(state: ChatState): void {
    if (state === this.now) return;
    this.now = state;
    this.log.info({ state }, 'irc: state');
    this.onState?.(state);
  }

  private down(): {
    readonly ok: false;
    readonly fault: { readonly kind: 'chat-down'; readonly transport: string; readonly cause: string };
  } {
    return fail({ kind: 'chat-down', transport: 'irc', cause: this.now });
  }
}
