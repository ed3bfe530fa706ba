import { shortenToBytes } from '../../core/byte-text.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Sent } from '../../ports/chat.ts';

/** Until the server has told what others see before our text. */
export const ROOM_UNTIL_KNOWN = 320;

const LINE_BREAKS = /[\r\n\0]+/g;

/** Room for text in one line to a target: 512 bytes, less CRLF and what the server puts before it. @param mask `nick!user@host` */
export function roomFor(mask: string | undefined, target: string): number {
  if (mask === undefined) return ROOM_UNTIL_KNOWN;
  return 512 - 2 - Buffer.byteLength(`:${mask} PRIVMSG ${target} :`);
}

/** One line of text that can only be one line: breaks and NUL become blanks, what is over is cut between graphemes. */
export function oneLine(text: string, room: number): string {
  return shortenToBytes(text.replace(LINE_BREAKS, ' '), room);
}

/** Whether a text can be the target of a message: a channel or a nick, and nothing that could end the command. */
export function isTarget(target: string): boolean {
  return /^(?:[#&][^\s,:\0\x07]{1,63}|[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,62})$/.test(target);
}

interface Pending {
  readonly label: string;
  readonly channel: string;
  readonly text: string;
  readonly resolve: (sent: Result<Sent>) => void;
  readonly timer: NodeJS.Timeout;
}

/** Lines that were sent and not yet seen again. An echo proves that the channel has the line, and gives its message id. */
export class Echoes {
  private readonly pending: Pending[] = [];
  private readonly withinMs: number;

  constructor(withinMs: number) {
    this.withinMs = withinMs;
  }

  /** Resolves when the echo comes, or with `none` when it does not in time. */
  await(line: {
    readonly label: string;
    readonly channel: string;
    readonly text: string;
  }): Promise<Result<Sent>> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.settle((one) => one.label === line.label, ok({ proof: 'none', ref: undefined }));
      }, this.withinMs);
      this.pending.push({ ...line, resolve, timer });
    });
  }

  /** Our own line came back. The label tells which; without labels the oldest with the same text. */
  seen(echo: {
    readonly label: string | undefined;
    readonly channel: string;
    readonly text: string;
    readonly msgid: string | undefined;
  }): void {
    const ref =
      echo.msgid === undefined ? undefined : { transport: 'irc', channel: echo.channel, id: echo.msgid };
    this.settle(
      (one) =>
        echo.label === undefined
          ? one.text === echo.text && one.channel === echo.channel
          : one.label === echo.label,
      ok({ proof: 'echo', ref }),
    );
  }

  /** Without echoes: the server has answered what was sent after the line, so it has taken the line. */
  taken(label: string): void {
    this.settle((one) => one.label === label, ok({ proof: 'taken', ref: undefined }));
  }

  /** The server refused a line to that channel: the oldest one. */
  refused(channel: string, cause: string): void {
    this.settle(
      (one) => one.channel === channel,
      fail({ kind: 'chat-refused', transport: 'irc', channel, cause }),
    );
  }

  /** The connection is gone: those lines may have arrived or not. */
  lost(): void {
    while (this.pending.length > 0) this.settle(() => true, ok({ proof: 'none', ref: undefined }));
  }

  private settle(which: (one: Pending) => boolean, result: Result<Sent>): void {
    const index = this.pending.findIndex(which);
    const [one] = index === -1 ? [] : this.pending.splice(index, 1);
    if (one === undefined) return;
    clearTimeout(one.timer);
    one.resolve(result);
  }
}
