import type { IncomingHttpHeaders } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import type { Dispatcher } from 'undici';
import type { Connection, Connections } from './connections.ts';
import { CONNECT_MS } from './connections.ts';

/** One request. `form` makes it a PUT. */
export interface Call {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** It waits for what may not come: silence is no reason to ask another endpoint. */
  readonly isWait?: boolean;
  /** Told of each line of a success as it comes; then the answer has no body. It ends when that answers false. */
  readonly onLine?: (line: string, headers: IncomingHttpHeaders) => boolean;
  /** From the call until the last byte of the answer, at one endpoint. */
  readonly timeoutMs: number;
  /** Sent on the same connection directly behind it. A server begins it when it has answered this one; a gateway may be in more of a hurry. */
  readonly behind?: Pick<Call, 'path' | 'query' | 'timeoutMs'>;
}

/** What one request came to. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
      readonly endpoint: string;
      /** What was sent behind it. */
      readonly behind?: Promise<Exchange> | undefined;
    }
  /** No connection, or it ended before the request was handed to it: certainly not sent. */
  | { readonly kind: 'not-sent'; readonly cause: string }
  /**
   * Sent, at least in part, and not answered: in time (`timeout`), or because the connection ended (`cut`). `begun` tells that the status of a
   * success was received: the server is alive, and has nothing more to say yet. A gateway between may keep it back, so its absence tells nothing.
   */
  | {
      readonly kind: 'no-answer';
      readonly why: 'timeout' | 'cut';
      readonly begun: boolean;
      readonly cause: string;
    };

/** Where a call goes. */
export interface Line {
  readonly connections: Connections;
  readonly headers: Readonly<Record<string, string>>;
}

/** A connection that has had a request before: when it fails, that may tell of the connection only, not of the server. */
export type ExchangeOnLine = Exchange & { readonly usedBefore: boolean };

/** The largest answer that is read: the whole tree of conftool is 0.2 MB. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Sends one request to one endpoint and waits for the whole answer. Never throws, always ends within `call.timeoutMs`. */
export function exchange(line: Line, call: Call): Promise<ExchangeOnLine> {
  return new Promise((resolve) => {
    new Request(line, call, resolve).start();
  });
}

/** One request on its way. It is sent once, or not at all. */
class Request implements Dispatcher.DispatchHandler {
  private readonly line: Line;
  private readonly call: Call;
  private readonly resolve: (result: ExchangeOnLine) => void;
  private readonly parts: Buffer[] = [];
  private readonly decoder: StringDecoder | undefined;
  private connection: Connection | undefined;
  private leave: () => void = () => undefined;
  private connecting: NodeJS.Timeout | undefined;
  private answering: NodeJS.Timeout | undefined;
  private behind: Promise<Exchange> | undefined;
  private isOver = false;
  private wasSent = false;
  private usedBefore = false;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private bytes = 0;
  private rest = '';

  constructor(line: Line, call: Call, resolve: (result: ExchangeOnLine) => void) {
    this.line = line;
    this.call = call;
    this.resolve = resolve;
    this.decoder = call.onLine === undefined ? undefined : new StringDecoder('utf8');
  }

  start(): void {
    const { timeoutMs } = this.call;
    this.bound();
    this.leave = this.line.connections.take((connection) => {
      this.dispatch(connection);
    });
    if (this.connection?.isThere === true) return;
    this.connecting = setTimeout(
      () => {
        if (!this.wasSent) this.giveUp('timeout', `no connection in ${String(CONNECT_MS)} ms`);
      },
      Math.min(CONNECT_MS, timeoutMs),
    );
  }

  /** Directly before it is sent: the connection stands and, with TLS, the certificate has been believed. From then on it may have been read. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Nobody waits for it any longer; or it was sent before, and may have been done.
    if (this.isOver || this.wasSent) {
      controller.abort(new Error('not sent'));
      return;
    }
    this.wasSent = true;
    this.usedBefore = this.connection?.carry() === true;
    const { behind } = this.call;
    if (behind === undefined) return;
    this.behind = new Promise((resolve) => {
      // When this one has been handed over.
      queueMicrotask(() => {
        new Request(this.line, behind, resolve).follow(this.connection);
      });
    });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, part: Buffer): void {
    if (this.isOver) return;
    if (this.decoder !== undefined && this.status === 200) {
      this.tellLines(this.decoder.write(part));
      return;
    }
    this.bytes += part.length;
    if (this.bytes > MOST_BYTES) this.giveUp('cut', 'the answer is too long');
    else this.parts.push(part);
  }

  onResponseEnd(): void {
    this.answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.giveUp('cut', causeOf(error));
  }

  /** Goes out on a connection that has something in flight, and ends with it. */
  private follow(connection: Connection | undefined): void {
    this.bound();
    if (connection !== undefined) this.dispatch(connection);
  }

  private bound(): void {
    const { timeoutMs } = this.call;
    this.answering = setTimeout(() => {
      this.giveUp('timeout', `no answer in ${String(timeoutMs)} ms`);
    }, timeoutMs);
  }

  private dispatch(connection: Connection): void {
    this.connection = connection;
    const { path, query, form, behind } = this.call;
    const search = query === undefined ? '' : `?${encodeForm(query)}`;
    const { headers } = this.line;
    connection.client.dispatch(
      form === undefined
        ? { path: path + search, method: 'GET', headers }
        : {
            path: path + search,
            method: 'PUT',
            headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
            body: encodeForm(form),
            // Else nothing is sent behind it before it is answered.
            blocking: behind === undefined,
          },
      this,
    );
  }

  /** What follows the last line break is kept until its own comes. */
  private tellLines(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '' || this.call.onLine?.(line, this.headers) !== false) continue;
      this.answer({ isWhole: false });
      return;
    }
  }

  private answer({ isWhole = true }: { readonly isWhole?: boolean } = {}): void {
    const { parts, status, headers, line, behind } = this;
    const body = (parts.length === 1 ? parts[0] : Buffer.concat(parts))?.toString('utf8') ?? '';
    const { endpoint } = line.connections;
    this.end({ kind: 'answer', status, headers, body, endpoint, behind }, isWhole);
  }

  private giveUp(why: 'timeout' | 'cut', cause: string): void {
    const begun = this.status === 200;
    this.end(this.wasSent ? { kind: 'no-answer', why, begun, cause } : { kind: 'not-sent', cause }, false);
  }

  private end(result: Exchange, isWhole: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.connecting);
    clearTimeout(this.answering);
    this.leave();
    this.resolve({ ...result, usedBefore: this.usedBefore });
    const { connection, line } = this;
    if (connection === undefined) return;
    // Whatever is still in flight there must reach nobody else.
    if (!isWhole) line.connections.discard(connection);
    else if (this.behind === undefined) line.connections.giveBack(connection);
  }
}

function encodeForm(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
    .join('&');
}

/** The code that the system has for it. */
function causeOf(error: Error & { readonly code?: string }): string {
  if (error.code === 'UND_ERR_SOCKET') return 'ECONNRESET';
  return error.code ?? error.message;
}
