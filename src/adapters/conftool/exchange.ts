import type { Agent as HttpAgent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

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
}

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

/** Where a call goes, and by which connections. */
export interface Line {
  /** `http://127.0.0.1:2379`. */
  readonly endpoint: string;
  /** false: a connection of its own, for this one call. */
  readonly agent: HttpAgent | false;
  readonly ca: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** A connection that has had a request before: when it fails, that may tell of the connection only, not of the server. */
export type ExchangeOnLine = Exchange & { readonly usedBefore: boolean };

/** The largest answer that is read: the whole tree of conftool is 0.2 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A server that is there accepts at once; one whose machine is off says nothing at all, and there may be another. */
const CONNECT_MS = 1000;

/** Connections that carried a request: node's own `reusedSocket` is silent about those handed on to a call that waited for one. */
const used = new WeakSet<Socket>();

/** Sends one request to one endpoint and waits for the whole answer. Never throws, always ends within `call.timeoutMs`. */
export function exchange(line: Line, call: Call): Promise<ExchangeOnLine> {
  return new Promise((resolve) => {
    const request = start(line, call);
    const progress = { sent: false, begun: false, usedBefore: false };
    const end = (result: Exchange): void => {
      clearTimeout(connecting);
      clearTimeout(answering);
      resolve({ ...result, usedBefore: progress.usedBefore });
      if (result.kind !== 'answer') request.destroy();
    };
    const giveUp = (why: 'timeout' | 'cut', cause: string): void => {
      const { sent, begun } = progress;
      end(sent ? { kind: 'no-answer', why, begun, cause } : { kind: 'not-sent', cause });
    };
    const connecting = setTimeout(
      () => {
        if (!progress.sent) giveUp('timeout', `no connection in ${String(CONNECT_MS)} ms`);
      },
      Math.min(CONNECT_MS, call.timeoutMs),
    );
    const answering = setTimeout(() => {
      giveUp('timeout', `no answer in ${String(call.timeoutMs)} ms`);
    }, call.timeoutMs);
    request.on('socket', (socket) => {
      progress.usedBefore = used.has(socket);
      whenWritable(socket, line, () => (progress.sent = true));
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      giveUp('cut', error.code ?? error.message);
    });
    request.on('response', (response) => {
      progress.begun = response.statusCode === 200;
      const { statusCode: status = 0, headers } = response;
      const answer = (body: string): void => {
        end({ kind: 'answer', status, headers, body, endpoint: line.endpoint });
      };
      if (call.onLine === undefined || !progress.begun) {
        readBody(response, giveUp, answer);
        return;
      }
      readLines(response, call.onLine, giveUp, () => {
        answer('');
        request.destroy();
      });
    });
    request.end(bodyOf(call));
  });
}

function start({ endpoint, agent, ca, headers }: Line, call: Call): ClientRequest {
  const { protocol, hostname, port } = placeOf(endpoint);
  const query = new URLSearchParams(call.query).toString();
  const body = bodyOf(call);
  const options = {
    hostname,
    port,
    path: query === '' ? call.path : `${call.path}?${query}`,
    method: body === undefined ? 'GET' : 'PUT',
    agent,
    headers: {
      ...headers,
      ...(body === undefined
        ? {}
        : {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
          }),
    },
  };
  if (protocol !== 'https:') return httpRequest(options);
  return httpsRequest({ ...options, ...(ca === undefined ? {} : { ca }) });
}

/** Endpoints are few, and each is called for each write. */
const places = new Map<
  string,
  { readonly protocol: string; readonly hostname: string; readonly port: string }
>();

function placeOf(endpoint: string): {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
} {
  const known = places.get(endpoint);
  if (known !== undefined) return known;
  const { protocol, hostname, port } = new URL(endpoint);
  // As URLs are asked for: an address of IPv6 without its brackets.
  const place = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port };
  places.set(endpoint, place);
  return place;
}

function bodyOf({ form }: Call): string | undefined {
  return form === undefined ? undefined : new URLSearchParams(form).toString();
}

/** Nothing leaves before the connection stands and, with TLS, the certificate has been believed; from then on the request may have been read. */
function whenWritable(socket: Socket, { endpoint }: Line, sent: () => void): void {
  if (used.has(socket) || !socket.connecting) {
    used.add(socket);
    sent();
    return;
  }
  socket.once(endpoint.startsWith('https:') ? 'secureConnect' : 'connect', () => {
    used.add(socket);
    sent();
  });
}

function readBody(
  response: IncomingMessage,
  giveUp: (why: 'cut', cause: string) => void,
  whole: (body: string) => void,
): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > MOST_BYTES) giveUp('cut', 'the answer is too long');
    else parts.push(part);
  });
  response.on('error', (error: NodeJS.ErrnoException) => {
    giveUp('cut', error.code ?? error.message);
  });
  response.on('end', () => {
    whole(Buffer.concat(parts).toString('utf8'));
  });
}

/** Lines of a stream; what follows the last line break is kept until its own comes. */
function readLines(
  response: IncomingMessage,
  onLine: NonNullable<Call['onLine']>,
  giveUp: (why: 'cut', cause: string) => void,
  over: () => void,
): void {
  let rest = '';
  let isOver = false;
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (isOver || line === '') continue;
      isOver = !onLine(line, response.headers);
      if (isOver) over();
    }
  });
  response.on('error', (error: NodeJS.ErrnoException) => {
    giveUp('cut', error.code ?? error.message);
  });
  response.on('end', over);
}
