import { connect } from 'node:net';
import { readThrown } from '../../core/thrown.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type { Chat, ChatState, Inbound, Sent } from '../../ports/chat.ts';

/** Where the relay listens. Times in milliseconds. */
export interface TcpircbotOptions {
  readonly host: string;
  readonly port: number;
  /** The channel that it speaks in, as rows of the outbox name it. */
  readonly channel: string;
  /** Connecting, sending and closing. */
  readonly withinMs: number;
  /** Between two looks whether it is back. */
  readonly retryMs: number;
}

/** The relay reads so much at once; what is longer becomes a second line, which is no log line any more. */
const TCPIRCBOT_BYTES = 425;

/** The relay that says in a channel what it is told over TCP. Nothing comes back from it, so nothing is heard here. */
export function openTcpircbot(options: TcpircbotOptions, log: Log): Chat {
  return new Relay(options, log);
}

class Relay implements Chat {
  readonly transport = 'tcpircbot';
  readonly channels: readonly string[];
  private readonly options: TcpircbotOptions;
  private readonly log: Log;
  private now: ChatState = 'down';
  private timer: NodeJS.Timeout | undefined;
  private onState: ((state: ChatState) => void) | undefined;
  private closed = false;

  constructor(options: TcpircbotOptions, log: Log) {
    this.options = options;
    this.log = log;
    this.channels = [options.channel];
  }

  start(_hear: (event: Inbound) => Promise<void>, onState: (state: ChatState) => void): void {
    this.onState = onState;
    this.closed = false;
    this.look();
  }

  state(): ChatState {
    return this.now;
  }

  ownName(): string {
    return '';
  }

  capabilities(): { readonly reactions: false; readonly roomBytes: number; readonly edits: false } {
    return { reactions: false, roomBytes: TCPIRCBOT_BYTES, edits: false };
  }

  /**
   * One connection for the line, and no newline in it: two lines in one read end the relay.
   *
   * @returns `taken` when the relay has closed after it; `none` when the connection broke once the line was under way.
   */
  async send(channel: string, line: string): Promise<Result<Sent>> {
    const { transport } = this;
    if (/[\r\n]/.test(line) || Buffer.byteLength(line) > TCPIRCBOT_BYTES)
      return fail({
        kind: 'chat-refused',
        transport,
        channel,
        cause: 'too long for the relay, or two lines',
      });
    const said = await this.talk(line);
    if (said.kind === 'not-connected') {
      this.lost(said.cause);
      return fail({ kind: 'chat-down', transport, cause: said.cause });
    }
    return ok({ proof: said.kind === 'closed' ? 'taken' : 'none', ref: undefined });
  }

  /** It speaks to a channel only. */
  tell(): Promise<Result<void>> {
    return Promise.resolve(
      fail({
        kind: 'chat-refused',
        transport: this.transport,
        channel: '',
        cause: 'it has no private messages',
      }),
    );
  }

  close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.change('down');
    return Promise.resolve();
  }

  private look(): void {
    void this.talk(undefined).then((said) => {
      if (this.closed) return;
      if (said.kind === 'not-connected') this.lost(said.cause);
      else this.change('ready');
    });
  }

  private lost(cause: string): void {
    if (this.now !== 'connecting') this.log.warn({ cause }, 'tcpircbot: away');
    this.change('connecting');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.look();
    }, this.options.retryMs);
  }

  private change(state: ChatState): void {
    if (state === this.now) return;
    this.now = state;
    this.log.info({ state }, 'tcpircbot: state');
    this.onState?.(state);
  }

  /** @param line undefined only looks whether anybody answers. */
  private talk(
    line: string | undefined,
  ): Promise<
    { readonly kind: 'closed' | 'broken' } | { readonly kind: 'not-connected'; readonly cause: string }
  > {
    const { host, port, withinMs } = this.options;
    return new Promise((resolve) => {
      let isConnected = false;
      const socket = connect(port, host);
      const end = (cause: string): void => {
        socket.destroy();
        resolve(isConnected ? { kind: 'broken' } : { kind: 'not-connected', cause });
      };
      socket.setTimeout(withinMs, () => {
        end(`no answer in ${String(withinMs)} ms`);
      });
      socket.on('error', (error) => {
        end(readThrown(error).message);
      });
      socket.on('connect', () => {
        isConnected = true;
        if (line === undefined) socket.end();
        else socket.end(line);
      });
      // What it has to say is of no use; unread it would keep the connection open.
      socket.resume();
      socket.on('close', (hadError) => {
        if (!hadError) resolve({ kind: 'closed' });
      });
    });
  }
}
