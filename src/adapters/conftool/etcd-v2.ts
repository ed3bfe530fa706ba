import { strict as assert } from 'node:assert';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { ConftoolFault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Endpoints } from './endpoints.ts';
import type { EtcdNode } from './etcd-node.ts';
import { readJson, readSuccess } from './etcd-node.ts';
import type { Exchange } from './exchange.ts';
import type { Listing } from './listing.ts';
import { listingOf, takeApart } from './listing.ts';

const Failure = z.object({ errorCode: z.number(), message: z.string(), cause: z.string().default('') });

/** What etcd says of a request, when it is neither a success nor a fault of the connection. */
export type EtcdAnswer =
  | { readonly kind: 'node'; readonly action: string; readonly node: EtcdNode }
  | { readonly kind: 'absent' }
  | { readonly kind: 'compare-failed'; readonly foundIndex: number }
  /** The event window of 1000 does not go back that far. */
  | { readonly kind: 'cleared' };

/** What a read came to, and the index of the whole store then. */
export interface ReadAnswer {
  readonly answer: EtcdAnswer;
  readonly index: number;
}

/** What came of a swap, with the read behind it when one was asked for. */
type Swapped =
  | (Extract<EtcdAnswer, { kind: 'node' }> & {
      readonly back: Promise<Result<ReadAnswer, ConftoolFault>> | undefined;
    })
  | Exclude<EtcdAnswer, { kind: 'node' }>;

/** A write that was sent, and may or may not have been done, or may still be. */
export interface UnknownWrite {
  readonly kind: 'unknown';
  readonly cause: string;
}

/** Codes of the v2 API. */
const CODE = {
  absent: 100,
  compareFailed: 101,
  unauthorized: 110,
  raft: 300,
  leaderElect: 301,
  cleared: 401,
} as const;

const QUORUM = { quorum: 'true', sorted: 'true' };

/** Paths whose last answer is kept: there are some fifty pools, of 30 to 80 kB each. */
const MOST_REMEMBERED = 100;

/** The v2 API of etcd: what conftool speaks, and nothing of v3, which cannot see these keys. */
export class EtcdV2 {
  private readonly endpoints: Endpoints;
  private readonly user: string;
  /** What each directory was answered last. */
  private readonly last = new Map<string, Listing>();

  constructor(endpoints: Endpoints, user: string | undefined) {
    this.endpoints = endpoints;
    this.user = user ?? 'guest';
  }

  /** Reads a key or a directory with all that is in it, with quorum, sorted. */
  async read(
    path: string,
    options: { readonly recursive: boolean; readonly timeoutMs: number },
  ): Promise<Result<ReadAnswer, ConftoolFault>> {
    const query = { ...QUORUM, ...(options.recursive ? { recursive: 'true' } : {}) };
    const exchange = await this.endpoints.call({ path: keyPath(path), query, timeoutMs: options.timeoutMs });
    const isSuccess = exchange.kind === 'answer' && exchange.status === 200;
    const last = isSuccess ? this.last.get(path) : undefined;
    const listing = last !== undefined && isSuccess ? takeApart(exchange.body, last) : undefined;
    if (listing !== undefined) {
      this.remember(path, listing);
      const { action, node } = listing;
      return ok({ answer: { kind: 'node', action, node }, index: indexOf(exchange) });
    }
    const read = this.readAnswer(exchange, path);
    if (read.ok && read.value.answer.kind === 'node' && options.recursive && isSuccess)
      this.remember(path, listingOf(exchange.body, read.value.answer));
    return read;
  }

  /**
   * Compare-and-swap on the index.
   *
   * @param write.backMs also reads the key, with quorum, on the same connection behind it: how long that may take, both together.
   * @returns Fault `unknown` when it was sent and nobody knows what became of it; any other fault, and any answer but `node`, means that nothing was
   * written. @throws AssertionError for an index below 1, which etcd takes for "no condition".
   */
  async swap(
    path: string,
    write: {
      readonly value: string;
      readonly prevIndex: number;
      readonly timeoutMs: number;
      readonly backMs?: number | undefined;
    },
  ): Promise<Result<Swapped, ConftoolFault | UnknownWrite>> {
    const { value: text, prevIndex, timeoutMs, backMs } = write;
    assert(Number.isSafeInteger(prevIndex) && prevIndex > 0, 'a swap without an index');
    const form = { value: text, prevExist: 'true', prevIndex: String(prevIndex) };
    const call = { path: keyPath(path), form, timeoutMs };
    const exchange = await this.endpoints.call(
      backMs === undefined
        ? call
        : { ...call, behind: { path: call.path, query: QUORUM, timeoutMs: backMs } },
    );
    if (exchange.kind === 'no-answer') return fail({ kind: 'unknown', cause: exchange.cause });
    const answer = this.answer(exchange, path, 'write');
    if (!answer.ok) return leavesDoubt(answer.fault) ? unknown(answer.fault) : answer;
    const { value } = answer;
    if (value.kind !== 'node') return ok(value);
    if (value.action !== 'compareAndSwap' || value.node.value !== text)
      return fail({ kind: 'unknown', cause: `answered with ${value.action} of another value` });
    const behind = exchange.kind === 'answer' ? exchange.behind : undefined;
    return ok({ ...value, back: behind?.then((read) => this.readAnswer(read, path)) });
  }

  /** The first event of a key at or after an index. `timeoutMs` bounds the wait for one that is not there: `none`, or `silent` when that is not sure. */
  async firstEvent(
    path: string,
    index: number,
    timeoutMs: number,
  ): Promise<Result<EtcdAnswer | { readonly kind: 'none' | 'silent' }, ConftoolFault>> {
    const query = { wait: 'true', waitIndex: String(index) };
    const exchange = await this.endpoints.call({ path: keyPath(path), query, timeoutMs, isWait: true });
    // etcd sends the status at once and the event when it comes. Without the status it may be frozen, or a gateway keeps it back.
    if (exchange.kind === 'no-answer' && exchange.why === 'timeout')
      return ok({ kind: exchange.begun ? 'none' : 'silent' });
    return this.answer(exchange, path, 'read');
  }

  /** Reads a directory with all that is in it, and the index of the whole store then: what comes after that is an event. */
  async list(
    path: string,
    timeoutMs: number,
  ): Promise<Result<{ readonly node: EtcdNode | undefined; readonly index: number }, ConftoolFault>> {
    const query = { quorum: 'true', recursive: 'true' };
    const exchange = await this.endpoints.call({ path: keyPath(path), query, timeoutMs });
    const answer = this.answer(exchange, path, 'read');
    if (!answer.ok) return answer;
    const node = answer.value.kind === 'node' ? answer.value.node : undefined;
    return ok({ node, index: indexOf(exchange) });
  }

  /**
   * The events at or below a directory, from an index on, as they come; for as long as `timeoutMs`, or until `heard` answers false.
   *
   * @returns `cleared` when etcd has forgotten the first of them.
   */
  async follow(
    path: string,
    { index, timeoutMs }: { readonly index: number; readonly timeoutMs: number },
    heard: (event: { readonly action: string; readonly node: EtcdNode }) => boolean,
  ): Promise<Result<'over' | 'cleared', ConftoolFault>> {
    const query = { wait: 'true', recursive: 'true', stream: 'true', waitIndex: String(index) };
    const onLine = (line: string, headers: IncomingHttpHeaders): boolean => {
      const event = readSuccess(readJson(line));
      if (event === undefined || !heard(event)) return false;
      // Of what has happened before it was asked etcd tells the first event, and then nothing more (3.4): that must be asked for again.
      return Number(headers['x-etcd-index'] ?? Infinity) < index;
    };
    const exchange = await this.endpoints.call({
      path: keyPath(path),
      query,
      timeoutMs,
      isWait: true,
      onLine,
    });
    if (exchange.kind === 'no-answer' && exchange.why === 'timeout') return ok('over');
    if (exchange.kind === 'answer' && exchange.status === 200) return ok('over');
    const answer = this.answer(exchange, path, 'read');
    return answer.ok ? ok(answer.value.kind === 'cleared' ? 'cleared' : 'over') : answer;
  }

  close(): void {
    this.endpoints.close();
  }

  private remember(path: string, last: Listing): void {
    this.last.delete(path);
    this.last.set(path, last);
    const oldest = this.last.keys().next().value;
    if (this.last.size > MOST_REMEMBERED && oldest !== undefined) this.last.delete(oldest);
  }

  private readAnswer(exchange: Exchange, path: string): Result<ReadAnswer, ConftoolFault> {
    const answer = this.answer(exchange, path, 'read');
    return answer.ok ? ok({ answer: answer.value, index: indexOf(exchange) }) : answer;
  }

  private answer(
    exchange: Exchange,
    path: string,
    doing: 'read' | 'write',
  ): Result<EtcdAnswer, ConftoolFault> {
    if (exchange.kind === 'not-sent')
      return fail({ kind: 'conftool-unreachable', endpoints: this.endpoints.names, cause: exchange.cause });
    if (exchange.kind === 'no-answer' && exchange.why === 'cut')
      return fail({ kind: 'conftool-unreachable', endpoints: this.endpoints.names, cause: exchange.cause });
    if (exchange.kind === 'no-answer') return fail({ kind: 'conftool-no-quorum', cause: exchange.cause });
    const { status, body, endpoint } = exchange;
    const json = readJson(body);
    const success = status === 200 || status === 201 ? readSuccess(json) : undefined;
    if (success !== undefined) return ok({ kind: 'node', ...success });
    const failure = Failure.safeParse(json);
    if (failure.success) return this.failure(failure.data, path, status);
    if (doing === 'write' && (status === 403 || status === 405))
      return fail({ kind: 'conftool-read-only', endpoint });
    if (status === 401 || status === 403) return fail({ kind: 'conftool-forbidden', user: this.user, path });
    if (status === 404) return fail({ kind: 'conftool-no-v2', endpoint });
    return fail({ kind: 'conftool-unexpected', status, text: body.slice(0, 200) });
  }

  private failure(
    { errorCode, message, cause }: z.output<typeof Failure>,
    path: string,
    status: number,
  ): Result<EtcdAnswer, ConftoolFault> {
    switch (errorCode) {
      case CODE.absent:
        return ok({ kind: 'absent' });
      case CODE.compareFailed:
        return ok({ kind: 'compare-failed', foundIndex: Number(/!= (\d+)\]/.exec(cause)?.[1] ?? 0) });
      case CODE.cleared:
        return ok({ kind: 'cleared' });
      case CODE.unauthorized:
        return fail({ kind: 'conftool-forbidden', user: this.user, path });
      case CODE.raft:
      case CODE.leaderElect:
        return fail({ kind: 'conftool-no-quorum', cause: `${message}: ${cause}` });
      default:
        return fail({
          kind: 'conftool-unexpected',
          status,
          text: `${String(errorCode)} ${message}: ${cause}`,
        });
    }
  }
}

/** Of the whole store, when it answered; 0 where it does not say. */
function indexOf(exchange: Exchange): number {
  return exchange.kind === 'answer' ? Number(exchange.headers['x-etcd-index'] ?? 0) : 0;
}

/** Whether a write that was answered so may have been done, or may still be. */
function leavesDoubt(fault: ConftoolFault): boolean {
  // A proposal that raft did not finish in time may still be applied.
  if (fault.kind === 'conftool-no-quorum') return true;
  if (fault.kind !== 'conftool-unexpected') return false;
  // A gateway's own error says nothing of what the server behind it did; nor does a success that cannot be read.
  return fault.status >= 500 || fault.status < 300 || fault.status === 408;
}

function unknown(fault: ConftoolFault): { readonly ok: false; readonly fault: UnknownWrite } {
  return fail({
    kind: 'unknown',
    cause: 'cause' in fault ? fault.cause : 'text' in fault ? fault.text : fault.kind,
  });
}

/** `/v2/keys/conftool/v1/pools/...`, each part encoded. */
function keyPath(path: string): string {
  return `/v2/keys/${path
    .split('/')
    .filter((part) => part !== '')
    .map(encodeURIComponent)
    .join('/')}`;
}
