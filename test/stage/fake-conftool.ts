import type { Fault } from '../../src/core/fault.ts';
import type { MalformedNode, NodeKey, NodeState, Pool, PoolKey, StoredNode } from '../../src/core/node.ts';
import { nodePath, poolPath, recordKey } from '../../src/core/node.ts';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Scope } from '../../src/core/scope.ts';
import { insideScope, scopeText } from '../../src/core/scope.ts';
import { mergeStoredValue, parseStoredNode } from '../../src/core/stored-value.ts';
import type { WriteOrigin } from '../../src/core/write-origin.ts';
import type {
  Conftool,
  FirstChange,
  ObjectChange,
  Watch,
  WriteOptions,
  Written,
} from '../../src/ports/conftool.ts';
import type { SeedObject } from '../lab/conftool-data.ts';

/** etcd keeps this many events. */
const WINDOW = 1000;

interface Stored {
  readonly text: string;
  readonly modifiedIndex: number;
}

/** An etcd in memory that is held to the same contract as the real one, and fails when a test says so. */
export class FakeConftool implements Conftool {
  /** What every call answers while it is set. */
  outage: Fault | undefined;
  /** What every write answers while it is set; reading goes on. */
  writeFault: Fault | undefined;
  /** Pools as the watch is said to have seen them; nobody thinks ahead while there are none. */
  watched: readonly Pool[] = [];
  /** Called before each write with its number from 1: somebody else's confctl, at the worst moment. */
  beforeWrite: ((number: number) => void | Promise<void>) | undefined;
  /** Called for each write of Sluice that was applied. */
  onWrite: ((path: string, text: string) => void) | undefined;
  /** Called after that, with the number of the write: something that happens just then. */
  afterWrite: ((number: number) => void | Promise<void>) | undefined;
  private readonly objects = new Map<string, Stored>();
  /** A directory stays when its last object goes. */
  private readonly directories = new Map<string, PoolKey>();
  private readonly events: {
    readonly path: string;
    readonly text: string | undefined;
    readonly modifiedIndex: number;
  }[] = [];
  private readonly scope: Scope;
  private readonly watchers = new Set<(changes: readonly ObjectChange[]) => void>();
  private index = 0;
  private writes = 0;
  private lost: { readonly applied: boolean; readonly then: (() => void) | undefined } | undefined;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  seed(objects: readonly SeedObject[]): void {
    for (const { path, text } of objects) {
      this.set(path.replace(/^pools\//, ''), text);
    }
  }

  /** A write by somebody else, without any check. @param path `eqiad/maps/kartotherian/maps1005.eqiad.wmnet` */
  set(path: string, text: string): void {
    const key = keyOf(path);
    this.directories.set(poolPath(key), key);
    this.index++;
    const before = this.objects.get(path)?.text;
    this.objects.set(path, { text, modifiedIndex: this.index });
    this.events.push({ path, text, modifiedIndex: this.index });
    this.tell(path, before, text);
  }

  /** A deletion by somebody else. */
  delete(path: string): void {
    const before = this.objects.get(path)?.text;
    if (!this.objects.delete(path)) throw new Error(`${path} is not there`);
    this.index++;
    this.events.push({ path, text: undefined, modifiedIndex: this.index });
    this.tell(path, before, undefined);
  }

  text(path: string): string | undefined {
    return this.objects.get(path)?.text;
  }

  paths(): readonly string[] {
    return [...this.objects.keys()].sort();
  }

  /** The answer to the next write is lost; the write itself is done or not. */
  loseNextAnswer(lost: { readonly applied: boolean; readonly then?: () => void }): void {
    this.lost = { applied: lost.applied, then: lost.then };
  }

  async poolsOfService(service: string): Promise<Result<readonly Pool[]>> {
    const all = await this.allPools();
    return all.ok ? ok(all.value.filter((pool) => pool.service === service)) : all;
  }

  seen(service: string): readonly Pool[] | undefined {
    const pools = this.watched.filter((pool) => pool.service === service);
    return pools.length === 0 ? undefined : pools;
  }

  seenPool(key: PoolKey): Pool | undefined {
    return this.watched.find((pool) => poolPath(pool) === poolPath(key));
  }

  pool({ dc, cluster, service, record }: PoolKey): Promise<Result<Pool>> {
    const key = { dc, cluster, service, ...(record === undefined ? {} : { record }) };
    return Promise.resolve(this.outage === undefined ? ok(this.read(key)) : fail(this.outage));
  }

  records(): Promise<Result<readonly Pool[]>> {
    if (this.outage !== undefined) return Promise.resolve(fail(this.outage));
    const keys = [...this.directories.values()].filter(({ record }) => record !== undefined);
    return Promise.resolve(
      ok(keys.sort((a, b) => compare(poolPath(a), poolPath(b))).map((key) => this.read(key))),
    );
  }

  allPools(): Promise<Result<readonly Pool[]>> {
    if (this.outage !== undefined) return Promise.resolve(fail(this.outage));
    // As etcd sorts: directory by directory. Of whole paths, `kartotherian-ssl/` would stand before `kartotherian/`.
    const nodes = [...this.directories.values()].filter(({ record }) => record === undefined);
    const keys = nodes.sort(
      (a, b) => compare(a.dc, b.dc) || compare(a.cluster, b.cluster) || compare(a.service, b.service),
    );
    return Promise.resolve(ok(keys.map((key) => this.read(key))));
  }

  async write(
    from: StoredNode,
    set: Partial<NodeState>,
    _origin?: WriteOrigin,
    { andRead = false }: WriteOptions = {},
  ): Promise<Result<Written>> {
    const { key } = from;
    if (!insideScope(this.scope, key))
      return fail({ kind: 'outside-scope', at: key, scope: scopeText(this.scope) });
    this.writes++;
    await this.beforeWrite?.(this.writes);
    const refused = this.outage ?? this.writeFault;
    if (refused !== undefined) return fail(refused);
    const { lost } = this;
    this.lost = undefined;
    const written = lost?.applied === false ? undefined : await this.swap(from, set);
    if (lost === undefined && written !== undefined)
      return written.ok && andRead ? ok({ ...written.value, pool: this.pool(key) }) : written;
    lost?.then?.();
    return fail({ kind: 'write-unknown', key, cause: 'no answer', forMs: 3000, tries: 1 });
  }

  firstChangeAfter(key: NodeKey, index: number): Promise<Result<FirstChange>> {
    if (this.outage !== undefined) return Promise.resolve(fail(this.outage));
    const oldest = this.index - WINDOW;
    if (index < oldest) return Promise.resolve(ok({ kind: 'forgotten' }));
    const event = this.events.find((one) => one.path === nodePath(key) && one.modifiedIndex > index);
    if (event === undefined) return Promise.resolve(ok({ kind: 'none' }));
    const { text, modifiedIndex } = event;
    return Promise.resolve(
      ok(text === undefined ? { kind: 'deleted', modifiedIndex } : { kind: 'changed', text, modifiedIndex }),
    );
  }

  watch(heard: (changes: readonly ObjectChange[]) => void): Watch {
    this.watchers.add(heard);
    return {
      close: () => {
        this.watchers.delete(heard);
      },
    };
  }

  ping(): Promise<Result<void>> {
    return Promise.resolve(this.outage === undefined ? ok(undefined) : fail(this.outage));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private tell(path: string, before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    const { index: modifiedIndex } = this;
    const key = { ...keyOf(path), host: path.slice(path.lastIndexOf('/') + 1) };
    const stateOf = (text: string | undefined): NodeState | undefined => {
      const node = text === undefined ? undefined : parseStoredNode(key, text, modifiedIndex);
      return node !== undefined && 'state' in node ? node.state : undefined;
    };
    const change = { key, before: stateOf(before), after: stateOf(after), modifiedIndex, isLate: false };
    for (const heard of this.watchers) heard([change]);
  }

  private async swap(from: StoredNode, set: Partial<NodeState>): Promise<Result<Written>> {
    const { key, modifiedIndex: expectedIndex } = from;
    const path = nodePath(key);
    const found = this.objects.get(path);
    if (found === undefined) return fail({ kind: 'object-absent', key });
    if (found.modifiedIndex !== expectedIndex)
      return fail({ kind: 'compare-failed', key, expectedIndex, foundIndex: found.modifiedIndex });
    const text = mergeStoredValue(from.text, set);
    this.set(path, text);
    const written = { text, modifiedIndex: this.index };
    this.onWrite?.(path, text);
    await this.afterWrite?.(this.writes);
    return ok(written);
  }

  private read(pool: PoolKey): Pool {
    const nodes: StoredNode[] = [];
    const malformed: MalformedNode[] = [];
    const directory = `${poolPath(pool)}/`;
    const found = [...this.objects].filter(([path]) => path.startsWith(directory));
    for (const [path, stored] of found.sort(([a], [b]) => compare(a, b))) {
      const key = { ...pool, host: path.slice(directory.length) };
      const node = parseStoredNode(key, stored.text, stored.modifiedIndex);
      if ('state' in node) nodes.push(node);
      else malformed.push(node);
    }
    return { ...pool, nodes, malformed };
  }
}

/** `eqiad/maps/kartotherian/maps1005.eqiad.wmnet`, or `discovery/kartotherian/codfw`. */
function keyOf(path: string): PoolKey {
  const [first, second, third, fourth] = path.split('/');
  if (first === undefined || second === undefined || third === undefined)
    throw new Error(`${path} is no path of an object`);
  if (fourth !== undefined) return { dc: first, cluster: second, service: third };
  if (first !== 'discovery' && first !== 'geodns') throw new Error(`${path} is no path of a record`);
  return recordKey(first, second);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
