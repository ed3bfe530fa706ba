import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { ClusterFault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { readThrown } from '../../core/thrown.ts';
import { Credentials } from './credentials.ts';
import type { ClusterOptions } from './options.ts';

/** One request. */
export interface Asked {
  readonly method: 'GET' | 'PATCH' | 'POST';
  readonly path: string;
  /** Sent as JSON; a PATCH is a merge patch. */
  readonly body?: object;
  /** For people, when it is refused: `patch deployments/scale kartotherian-main`. */
  readonly what: string;
}

const AGENT = 'sluice';
const MOST_BYTES = 20_000_000;

/** The API server of one cluster, over kept connections. Tries once: what is asked again is decided by who knows what was asked. */
export class ClusterClient {
  private readonly cluster: string;
  private readonly credentials: Credentials;
  private readonly requestMs: number;

  constructor(cluster: string, options: ClusterOptions, requestMs: number) {
    this.cluster = cluster;
    this.credentials = new Credentials(options);
    this.requestMs = requestMs;
  }

  /** The answer as read from JSON. A write without an answer is `cluster-unclear`. */
  async ask(asked: Asked): Promise<Result<unknown, ClusterFault>> {
    const opened = await this.open(asked, AbortSignal.timeout(this.requestMs));
    if (!opened.ok) return opened;
    try {
      return ok(JSON.parse(await textOf(opened.value)) as unknown);
    } catch (error) {
      return fail(this.noAnswer(asked, readThrown(error).message));
    }
  }

  /** A watch: each line of the answer as read from JSON, until it ends or the signal does. @throws when the connection breaks. */
  async stream(
    asked: Asked,
    signal: AbortSignal,
  ): Promise<Result<AsyncGenerator<unknown, void, undefined>, ClusterFault>> {
    const opened = await this.open(asked, signal);
    return opened.ok ? ok(jsonLines(opened.value)) : opened;
  }

  close(): void {
    this.credentials.close();
  }

  private async open(asked: Asked, signal: AbortSignal): Promise<Result<IncomingMessage, ClusterFault>> {
    let access;
    try {
      access = await this.credentials.access();
    } catch (error) {
      return fail({ kind: 'cluster-silent', cluster: this.cluster, cause: readThrown(error).message });
    }
    const { server, agent, headers } = access;
    const { method, path, body } = asked;
    const data = body === undefined ? undefined : JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return new Promise((resolve) => {
      const sent = request(
        new URL(path, `${server.replace(/\/$/, '')}/`),
        {
          method,
          agent,
          signal,
          headers: {
            accept: 'application/json',
            'user-agent': AGENT,
            ...headers,
            ...(data === undefined
              ? {}
              : { 'content-type': type, 'content-length': Buffer.byteLength(data) }),
          },
        },
        (answer) => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) {
            resolve(ok(answer));
            return;
          }
          const afterS = Number(answer.headers['retry-after'] ?? '1');
          answer.resume();
          resolve(fail(this.refusal(asked, status, afterS)));
        },
      );
      sent.on('error', (error) => {
        resolve(fail(this.noAnswer(asked, readThrown(error).message)));
      });
      sent.end(data);
    });
  }

  /** What the API server quotes of the object is never passed on. */
  private refusal({ method, what }: Asked, status: number, afterS: number): ClusterFault {
    const { cluster } = this;
    switch (status) {
      case 401:
        return { kind: 'cluster-unauthorized', cluster };
      case 403:
        return { kind: 'cluster-forbidden', cluster, what };
      case 404:
        return { kind: 'cluster-absent', cluster, what: what.replace(/^\S+ /, '') };
      case 409:
        return { kind: 'cluster-conflict', cluster };
      case 429:
        return { kind: 'cluster-busy', cluster, afterMs: (Number.isFinite(afterS) ? afterS : 1) * 1000 };
      default: {
        const cause = `HTTP ${String(status)}`;
        if (status < 500) return { kind: 'cluster-invalid', cluster, status };
        return method === 'PATCH'
          ? { kind: 'cluster-unclear', cluster, cause }
          : { kind: 'cluster-silent', cluster, cause };
      }
    }
  }

  /** Of a write nobody knows then whether it was done, unless no connection was made at all. */
  private noAnswer({ method }: Asked, cause: string): ClusterFault {
    const { cluster } = this;
    const wasSent = method === 'PATCH' && !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|certificate/i.test(cause);
    return wasSent ? { kind: 'cluster-unclear', cluster, cause } : { kind: 'cluster-silent', cluster, cause };
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  answer.setEncoding('utf8');
  let text = '';
  for await (const part of answer) {
    text += String(part);
    if (text.length > MOST_BYTES) throw new Error('the answer is too long');
  }
  return text;
}

async function* jsonLines(answer: IncomingMessage): AsyncGenerator<unknown, void, undefined> {
  answer.setEncoding('utf8');
  let rest = '';
  for await (const part of answer) {
    const lines = `${rest}${String(part)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as unknown;
  }
}
