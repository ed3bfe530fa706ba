import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Sent } from '../../ports/chat.ts';

interface Pending {
  readonly label: string;
  readonly target: string;
  readonly text: string;
  readonly resolve: (sent: Result<Sent>) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Lines that were sent and not yet seen again. An echo proves that the channel has the line, and gives its message id. The server answers in the
 * order in which it was asked, so an answer without a label belongs to the oldest line that it fits.
 */
export class Echoes {
  private readonly pending: Pending[] = [];
  private readonly withinMs: number;
  private readonly same: (a: string, b: string) => boolean;

  /** @param same whether two names are one to the server. */
  constructor(withinMs: number, same: (a: string, b: string) => boolean) {
    this.withinMs = withinMs;
    this.same = same;
  }

  /** Resolves when the echo comes, or with `none` when it does not in time. */
  await(line: {
    readonly label: string;
    readonly target: string;
    readonly text: string;
  }): Promise<Result<Sent>> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.settle(({ label }) => label === line.label, unproven);
      }, this.withinMs);
      this.pending.push({ ...line, resolve, timer });
    });
  }

  /**
   * Our own line came back. The label tells which; without labels the oldest with the same text.
   *
   * @returns the text that was sent, when it is known which line it is.
   */
  seen(echo: {
    readonly label: string | undefined;
    readonly target: string;
    readonly text: string;
    readonly msgid: string | undefined;
  }): string | undefined {
    const { msgid } = echo;
    const line = this.settle(
      ({ label, target, text }) =>
        echo.label === undefined
          ? text === echo.text && this.same(target, echo.target)
          : label === echo.label,
      ({ target }) =>
        ok({
          proof: 'echo',
          ref: msgid === undefined ? undefined : { transport: 'irc', channel: target, id: msgid },
        }),
    );
    return line?.text;
  }

  /** Without echoes: the server has answered what was sent after the line, so it has taken the line. */
  taken(label: string): void {
    this.settle(
      (one) => one.label === label,
      () => ok({ proof: 'taken', ref: undefined }),
    );
  }

  /** The server refused a line to that channel or person. */
  refused(to: string, cause: string): void {
    this.settle(
      ({ target }) => this.same(target, to),
      ({ target }) => fail({ kind: 'chat-refused', transport: 'irc', channel: target, cause }),
    );
  }

  /** The connection is gone: those lines may have arrived or not. */
  lost(): void {
    while (this.pending.length > 0) this.settle(() => true, unproven);
  }

  private settle(
    which: (one: Pending) => boolean,
    result: (one: Pending) => Result<Sent>,
  ): Pending | undefined {
    const index = this.pending.findIndex(which);
    const [one] = index === -1 ? [] : this.pending.splice(index, 1);
    if (one === undefined) return undefined;
    clearTimeout(one.timer);
    one.resolve(result(one));
    return one;
  }
}

function unproven(): Result<Sent> {
  return ok({ proof: 'none', ref: undefined });
}
