import { setTimeout as sleep } from 'node:timers/promises';
import type { ConftoolFault, Fault } from '../../core/fault.ts';
import type { NodeKey, NodeState, Pool, PoolKey, StoredNode } from '../../core/node.ts';
import { poolPath } from '../../core/node.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Scope } from '../../core/scope.ts';
import { insideScope, scopeText } from '../../core/scope.ts';
import { mergeStoredValue } from '../../core/stored-value.ts';
import type { WriteOrigin } from '../../core/write-origin.ts';
import type {
  Conftool,
  FirstChange,
  ObjectChange,
  Watch,
  WriteOptions,
  Written,
} from '../../ports/conftool.ts';
import type { WriteAudit } from './audit-record.ts';
import type { EndpointOptions } from './endpoints.ts';
import { Endpoints } from './endpoints.ts';
import type { EtcdNode } from './etcd-node.ts';
import type { ReadAnswer, UnknownWrite } from './etcd-v2.ts';
import { EtcdV2 } from './etcd-v2.ts';
import { Layout } from './layout.ts';
import { Mirror } from './mirror.ts';
import { watchConftool } from './watch.ts';
import { isPlace, poolOf, poolsIn, recordsIn } from './tree.ts';

/** One long wait of the watch, and the pause before it begins anew when etcd is away. */
const WATCH_WAIT_MS = 60_000;
const WATCH_RETRY_MS = 1_000;

/** What the driver needs. Times in milliseconds. */
export interface NativeConftoolOptions extends EndpointOptions {
  /** `/conftool`. */
  readonly namespace: string;
  /** `v1`. */
  readonly apiVersion: string;
  /** Enforced here, whatever the caller has checked: nothing outside is ever sent. */
  readonly scope: Scope;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** How long to wait for an event that is not there. */
  readonly eventTimeoutMs: number;
  readonly now: () => number;
  /** Told of every write that was sent, whatever came of it. */
  readonly audit?: ((audit: WriteAudit) => void) | undefined;
}

/** conftool's objects in etcd, read with quorum and written by compare-and-swap, byte for byte as conftool writes them. */
export function openNativeConftool(options: NativeConftoolOptions): Conftool {
  return new NativeConftool(options, new EtcdV2(new Endpoints(options), options.credentials?.username));
}

class NativeConftool implements Conftool {
  private readonly options: NativeConftoolOptions;
  private readonly etcd: EtcdV2;
  private readonly layout: Layout;
  private readonly version: string;
  private readonly root: string;
  /** By the path of the pool, as it was read last. There are as many as the tree has. */
  private readonly known = new Map<string, Pool>();
  /** By what etcd answered. */
  private readonly pools = new WeakMap<EtcdNode, Pool>();
  private readonly mirror = new Mirror();
  private turn = 0;

  constructor(options: NativeConftoolOptions, etcd: EtcdV2) {
    this.options = options;
    this.etcd = etcd;
    this.layout = new Layout(options.now);
    this.version = `${options.namespace}/${options.apiVersion}`;
    this.root = `${this.version}/pools`;
  }

  async poolsOfService(service: string): Promise<Result<readonly Pool[]>> {
    const known = this.layout.poolsOf(service);
    if (known === undefined) {
      const all = await this.allPools();
      return all.ok ? ok(all.value.filter((pool) => pool.service === service)) : all;
    }
    const now = await this.poolsNow(known);
    if (!now.ok || now.value !== undefined) return now as Result<readonly Pool[]>;
    const pools: Pool[] = [];
    for (const pool of await Promise.all(known.map((key) => this.pool(key)))) {
      if (!pool.ok) return pool;
      pools.push(pool.value);
    }
    return ok(pools);
  }

  seen(service: string): readonly Pool[] | undefined {
    return this.mirrored((this.layout.poolsOf(service) ?? []).map((key) => this.pathOf(key)));
  }

  seenPool(key: PoolKey): Pool | undefined {
    return this.mirror.find(this.pathOf(key));
  }

  async pool(key: PoolKey): Promise<Result<Pool>> {
    if (!isPlace(key)) return ok(poolOf(key, undefined));
    const path = this.pathOf(key);
    const read = await this.etcd.read(path, {
      recursive: true,
      timeoutMs: this.options.readTimeoutMs,
    });
    if (!read.ok) return read;
    const { answer, index } = read.value;
    if (answer.kind !== 'node') {
      this.known.delete(path);
      return ok(poolOf(key, undefined));
    }
    const { node } = answer;
    const pool = this.pools.get(node) ?? poolOf(key, node, this.mirror.find(path) ?? this.known.get(path));
    this.pools.set(node, pool);
    this.known.set(path, pool);
    this.mirror.keep(path, pool, index);
    return ok(pool);
  }

  /**
   * Pools by one quorum read of one of their objects, where the watch has seen everything up to it.
   *
   * @returns undefined when they must be read themselves.
   */
  private async poolsNow(keys: readonly PoolKey[]): Promise<Result<readonly Pool[] | undefined>> {
    const { mirror } = this;
    const paths = keys.map((key) => this.pathOf(key));
    const [path = ''] = paths;
    const from = mirror.index;
    const known = this.mirrored(paths);
    // Another one each time: so that is found which is not as it should be.
    const host = known?.[0]?.nodes[this.turn++ % known[0].nodes.length]?.key.host;
    if (from === undefined || host === undefined || known === undefined) return ok(undefined);
    const read = await this.etcd.read(`${path}/${host}`, {
      recursive: false,
      timeoutMs: this.options.readTimeoutMs,
    });
    if (!read.ok) return read;
    return ok(mirror.isUpTo(read.value, { path, host, from }) ? this.mirrored(paths) : undefined);
  }

  /** The pool of an object that was written, as it was when the object was read behind that. */
  private async poolBack(
    key: NodeKey,
    from: number,
    behind: Promise<Result<ReadAnswer>>,
  ): Promise<Result<Pool>> {
    const read = await behind;
    if (!read.ok) return read;
    const path = this.pathOf(key);
    // A gateway may hand on the read before the write is done: then it tells of before.
    const isAfter = read.value.index >= from;
    const isKnown = isAfter && this.mirror.isUpTo(read.value, { path, host: key.host, from });
    const pool = isKnown ? this.mirror.find(path) : undefined;
    return pool === undefined ? this.pool(key) : ok(pool);
  }

  private mirrored(paths: readonly string[]): readonly Pool[] | undefined {
    const pools = paths.flatMap((path) => this.mirror.find(path) ?? []);
    return pools.length > 0 && pools.length === paths.length ? pools : undefined;
  }

  async allPools(): Promise<Result<readonly Pool[]>> {
    const read = await this.etcd.read(this.root, { recursive: true, timeoutMs: this.options.readTimeoutMs });
    if (!read.ok) return read;
    const { answer } = read.value;
    const pools = answer.kind === 'node' ? [...poolsIn(answer.node)] : [];
    this.layout.learn(pools);
    return ok(pools);
  }

  async records(): Promise<Result<readonly Pool[]>> {
    const found: Pool[] = [];
    for (const type of ['discovery', 'geodns'] as const) {
      const read = await this.etcd.read(`${this.version}/${type}`, {
        recursive: true,
        timeoutMs: this.options.readTimeoutMs,
      });
      if (!read.ok) return read;
      const { answer } = read.value;
      if (answer.kind === 'node') found.push(...recordsIn(type, answer.node));
    }
    return ok(found);
  }

  async write(
    from: StoredNode,
    set: Partial<NodeState>,
    origin: WriteOrigin,
    { andRead = false }: WriteOptions = {},
  ): Promise<Result<Written>> {
    const { key } = from;
    const { scope, now, audit } = this.options;
    if (!isPlace(key) || !insideScope(scope, key))
      return fail({ kind: 'outside-scope', at: key, scope: scopeText(scope) });
    const written = await this.swap(from, set, andRead);
    const outcome = written.ok ? 'success' : written.fault.kind === 'write-unknown' ? 'unknown' : 'failure';
    const after = mergeStoredValue(from.text, set);
    audit?.({ key, outcome, origin, before: from.text, after, at: now() });
    return written;
  }

  private async swap(from: StoredNode, set: Partial<NodeState>, andRead: boolean): Promise<Result<Written>> {
    const { key } = from;
    const { writeTimeoutMs, readTimeoutMs, now } = this.options;
    const value = mergeStoredValue(from.text, set);
    const startedAt = now();
    const path = this.pathOf(key);
    const swapped = await this.etcd.swap(`${path}/${key.host}`, {
      value,
      prevIndex: from.modifiedIndex,
      timeoutMs: writeTimeoutMs,
      ...(andRead ? { backMs: readTimeoutMs } : {}),
    });
    if (!swapped.ok) return fail(writeFault(key, swapped.fault, now() - startedAt));
    switch (swapped.value.kind) {
      case 'node': {
        const { node, back } = swapped.value;
        const { modifiedIndex } = node;
        this.mirror.wrote(path, key.host, value, modifiedIndex);
        return ok({
          text: value,
          modifiedIndex,
          ...(back === undefined ? {} : { pool: this.poolBack(key, modifiedIndex, back) }),
        });
      }
      case 'compare-failed':
        return fail({
          kind: 'compare-failed',
          key,
          expectedIndex: from.modifiedIndex,
          foundIndex: swapped.value.foundIndex,
        });
      case 'absent':
        return fail({ kind: 'object-absent', key });
      case 'cleared':
        return fail({
          kind: 'conftool-unexpected',
          status: 400,
          text: 'event index cleared, in answer to a write',
        });
    }
  }

  async firstChangeAfter(key: NodeKey, index: number): Promise<Result<FirstChange>> {
    const event = await this.etcd.firstEvent(
      `${this.pathOf(key)}/${key.host}`,
      index + 1,
      this.options.eventTimeoutMs,
    );
    if (!event.ok) return event;
    switch (event.value.kind) {
      case 'none':
        return ok({ kind: 'none' });
      case 'silent':
        return this.confirmNoChange(key, index);
      case 'cleared':
        return ok({ kind: 'forgotten' });
      case 'node': {
        const { modifiedIndex, value } = event.value.node;
        // No value: it was deleted, or a directory above it was, or a directory took its place. The object is gone.
        return ok(
          value === undefined
            ? { kind: 'deleted', modifiedIndex }
            : { kind: 'changed', text: value, modifiedIndex },
        );
      }
      case 'absent':
      case 'compare-failed':
        return fail({
          kind: 'conftool-unexpected',
          status: 200,
          text: `${event.value.kind}, in answer to a wait`,
        });
    }
  }

  watch(heard: (changes: readonly ObjectChange[]) => void): Watch {
    const { readTimeoutMs } = this.options;
    const options = {
      version: this.version,
      readTimeoutMs,
      waitMs: WATCH_WAIT_MS,
      retryMs: WATCH_RETRY_MS,
      sleep,
    };
    return watchConftool(this.etcd, { ...options, mirror: this.mirror }, heard);
  }

  async ping(): Promise<Result<void>> {
    const read = await this.etcd.read(this.root, { recursive: false, timeoutMs: this.options.readTimeoutMs });
    return read.ok ? ok(undefined) : read;
  }

  close(): Promise<void> {
    this.etcd.close();
    return Promise.resolve();
  }

  private pathOf(key: PoolKey): string {
    return `${key.record === undefined ? this.root : this.version}/${poolPath(key)}`;
  }

  /** The wait was not answered at all. An object that is still at the index has not changed; of anything else nothing is known. */
  private async confirmNoChange(key: NodeKey, index: number): Promise<Result<FirstChange>> {
    const pool = await this.pool(key);
    if (!pool.ok) return pool;
    const { nodes, malformed } = pool.value;
    const found = [...nodes, ...malformed].find((one) => one.key.host === key.host);
    return found !== undefined && found.modifiedIndex <= index
      ? ok({ kind: 'none' })
      : fail({ kind: 'conftool-no-quorum', cause: 'no answer to a wait' });
  }
}

function writeFault(key: NodeKey, fault: ConftoolFault | UnknownWrite, forMs: number): Fault {
  return fault.kind === 'unknown'
    ? { kind: 'write-unknown', key, cause: fault.cause, forMs, tries: 1 }
    : fault;
}
