import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Sent, Urgency } from '../../ports/chat.ts';
import { Echoes } from './echoes.ts';
import { isTarget, oneLine, withoutControls } from './line.ts';
import { Pacer } from './pacer.ts';

/** What a connection lends to its way out. */
export interface Wire {
  readonly raw: (line: string) => void;
  readonly has: (capability: string) => boolean;
  readonly same: (a: string, b: string) => boolean;
  readonly roomBytes: (target: string) => number;
  readonly now: () => number;
  /** The channel has another text than was sent: cut, because others see a longer name of us than we knew, or changed by the network. */
  readonly altered: (sent: string, seen: string) => void;
}

/** How lines go out. */
export interface OutboundOptions {
  readonly rate: { readonly burst: number; readonly everyMs: number };
  readonly echoWithinMs: number;
  readonly mostWaiting: number;
  /** Tells the labels of this connection from those of another. */
  readonly epoch: number;
}

/** The one way out of a connection. Targets and text are made harmless here, whoever the caller is. */
export class Outbound {
  private readonly wire: Wire;
  private readonly options: OutboundOptions;
  private readonly pacer: Pacer;
  private readonly echoes: Echoes;
  private counter = 0;
  private isClosed = false;

  constructor(wire: Wire, options: OutboundOptions) {
    this.wire = wire;
    this.options = options;
    this.pacer = new Pacer(options.rate, wire.now);
    this.echoes = new Echoes(options.echoWithinMs, wire.same);
  }

  /** As the port says. A log line that has no room is refused: its end would be missing from the log. */
  send(
    target: string,
    text: string,
    { key, urgency }: { readonly key: string; readonly urgency: Urgency },
  ): Promise<Result<Sent>> {
    if (this.isClosed) return Promise.resolve(notSent('the connection is closed'));
    if (!isTarget(target)) return Promise.resolve(refused(target, 'no valid target'));
    if (withoutControls(text).trim() === '') return Promise.resolve(refused(target, 'no text'));
    const room = this.wire.roomBytes(target);
    const bytes = Buffer.byteLength(withoutControls(text));
    if (urgency === 'log' && bytes > room)
      return Promise.resolve(refused(target, `${String(bytes)} bytes, room for ${String(room)}`));
    const waiting = this.pacer.waitingBefore({ key, urgency });
    if (waiting >= this.options.mostWaiting)
      return Promise.resolve(notSent(`${String(waiting)} lines are waiting`));
    return new Promise((resolve) => {
      this.pacer.push({
        key,
        urgency,
        send: () => {
          // The room as it is then: our nick may have changed meanwhile.
          resolve(this.write(target, oneLine(text, this.wire.roomBytes(target))));
        },
        drop: () => {
          resolve({ ok: true, value: { proof: 'none', ref: undefined } });
        },
      });
    });
  }

  /** A line of our own came back. */
  echoed(echo: {
    readonly label: string | undefined;
    readonly target: string;
    readonly text: string;
    readonly msgid: string | undefined;
  }): void {
    const text = this.echoes.seen(echo);
    if (text !== undefined && text !== echo.text) this.wire.altered(text, echo.text);
  }

  /** The server answered a PING of ours. */
  answered(token: string): void {
    this.echoes.taken(token);
  }

  /** The server would not have a line. */
  refused(target: string, cause: string): void {
    this.echoes.refused(target, cause);
  }

  /** The connection is gone: what waits was certainly not sent, what was sent may have arrived. */
  close(): void {
    this.isClosed = true;
    for (const line of this.pacer.clear()) line.send();
    this.echoes.lost();
  }

  private write(target: string, text: string): Promise<Result<Sent>> {
    if (this.isClosed) return Promise.resolve(notSent('the connection was lost'));
    const { has, raw } = this.wire;
    const label = `s${String(this.options.epoch)}-${String(++this.counter)}`;
    const echo = this.echoes.await({ label, target, text });
    const tag = has('labeled-response') && has('message-tags') ? `@label=${label} ` : '';
    raw(`${tag}PRIVMSG ${target} :${text}`);
    if (!has('echo-message')) raw(`PING ${label}`);
    return echo;
  }
}

function notSent(cause: string): Result<Sent> {
  return fail({ kind: 'chat-down', transport: 'irc', cause });
}

function refused(channel: string, cause: string): Result<Sent> {
  return fail({ kind: 'chat-refused', transport: 'irc', channel, cause });
}
