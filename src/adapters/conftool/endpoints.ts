import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What one request came to. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
      readonly endpoint: string;
    }
  /** No connection, or it ended before the request was handed to it: certainly not sent. */
  | { readonly kind: 'not-sent'; readonly cause: string }
  /** Sent, at least in part, and not answered in time or at all. */
  | { readonly kind: 'no-answer'; readonly cause: string };

/** One request. `form` makes it a PUT. */
export interface Call {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What the connection needs. */
export interface EndpointOptions {
  /** `http://127.0.0.1:2379`, in the order to try. */
  readonly endpoints: readonly string[];
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** PEM of the authority that signed the servers' certificates; undefined trusts the system's. */
  readonly ca: string | undefined;
}

/** The largest answer that is read: the whole tree of conftool is 0.2 MB. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Keep-alive HTTP to several endpoints. A call goes to the endpoint that answered last; the next one is tried only while the call has certainly not
 * been sent, or, for a read, whenever there was no answer.
 */
export class Endpoints {
  private readonly options: EndpointOptions;
  private readonly http = new HttpAgent({ keepAlive: true, noDelay: true, maxSockets: 16 });
  private readonly https: HttpsAgent;
  private current = 0;

  constructor(options: EndpointOptions) {
    this.options = options;
    this.https = new HttpsAgent({
      keepAlive: true,
      noDelay: true,
      maxSockets: 16,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
  }

  get names(): readonly string[] {
    return this.options.endpoints;
  }

  async call(call: Call): Promise<Exchange> {
    const { endpoints } = this.options;
    let last: Exchange = { kind: 'not-sent', cause: 'no endpoint' };
    for (let tries = 0; tries < endpoints.length; tries++) {
      const index = (this.current + tries) % endpoints.length;
      last = await this.callOne(endpoints[index] ?? '', call);
      if (last.kind === 'answer') {
        this.current = index;
        return last;
      }
      if (last.kind === 'no-answer' && call.form !== undefined) return last;
    }
    return last;
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private async callOne(endpoint: string, call: Call): Promise<Exchange> {
    const first = await this.send(endpoint, call, true);
    // A kept connection that the server had closed already tells nothing of the server: once more, on a new one.
    if (first.kind === 'not-sent' && first.stale) return this.send(endpoint, call, false);
    return first;
  }

  private send(
    endpoint: string,
    call: Call,
    reuse: boolean,
  ): Promise<Exchange & { readonly stale?: boolean }> {
    const url = new URL(call.path, endpoint);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const body = call.form === undefined ? undefined : new URLSearchParams(call.form).toString();
    const isHttps = url.protocol === 'https:';
    const agent = isHttps ? this.https : this.http;
    return new Promise((resolve) => {
      let sent = false;
      const started = (isHttps ? httpsRequest : httpRequest)(url, {
        method: body === undefined ? 'GET' : 'PUT',
        agent: reuse ? agent : undefined,
        headers: {
          ...this.authorization(),
          ...(body === undefined
            ? {}
            : {
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': Buffer.byteLength(body),
              }),
        },
      });
      const settle = (exchange: Exchange & { readonly stale?: boolean }): void => {
        clearTimeout(deadline);
        resolve(exchange);
        if (exchange.kind !== 'answer') started.destroy();
      };
      const deadline = setTimeout(() => {
        const cause = `no answer in ${String(call.timeoutMs)} ms`;
        settle(sent ? { kind: 'no-answer', cause } : { kind: 'not-sent', cause });
      }, call.timeoutMs);
      started.once('socket', (socket) => {
        // A request that waits for its connection has not been written; one on a kept connection is written at once.
        const connected = isHttps ? 'secureConnect' : 'connect';
        if (socket.connecting || (isHttps && !started.reusedSocket))
          socket.once(connected, () => (sent = true));
        else sent = true;
      });
      started.once('error', (error: NodeJS.ErrnoException) => {
        const cause = error.code ?? error.message;
        // A reset on a reused connection may still have carried the request: only a read may be repeated then.
        if (started.reusedSocket && error.code === 'ECONNRESET' && body === undefined)
          settle({ kind: 'not-sent', cause, stale: true });
        else settle(sent ? { kind: 'no-answer', cause } : { kind: 'not-sent', cause });
      });
      started.once('response', (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > MOST_BYTES) settle({ kind: 'no-answer', cause: 'the answer is too long' });
          else parts.push(part);
        });
        response.once('error', (error) => {
          settle({ kind: 'no-answer', cause: error.message });
        });
        response.once('end', () => {
          settle({
            kind: 'answer',
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString('utf8'),
            endpoint,
          });
        });
        response.once('aborted', () => {
          settle({ kind: 'no-answer', cause: 'the answer was cut off' });
        });
      });
      started.end(body);
    });
  }

  private authorization(): Record<string, string> {
    const { credentials } = this.options;
    if (credentials === undefined) return {};
    const { username, password } = credentials;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }
}
