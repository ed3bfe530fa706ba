import type { Fault } from '../../core/fault.ts';
import type { MalformedNode, NodeKey, NodeState, Pool, PoolKey, StoredNode } from '../../core/node.ts';
import { sameState } from '../../core/node.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { insideScope, scopeText } from '../../core/scope.ts';
import type { WriteOrigin } from '../../core/write-origin.ts';
import type { Conftool, FirstChange, ObjectChange, Watch, Written } from '../../ports/conftool.ts';
import type { NativeConftoolOptions } from './native.ts';
import { openNativeConftool } from './native.ts';
import { runProgram } from './run-program.ts';
import { isPlace } from './tree.ts';

/** What the driver needs: how to read etcd itself, and the program that writes. `writeTimeoutMs` bounds one run of it. */
export interface ConfctlConftoolOptions extends NativeConftoolOptions {
  readonly confctl: {
    /** A path, or a name that is looked for in the usual places. */
    readonly command: string;
    /** conftool's `config.yaml`. It must lead to the same etcd and namespace as Sluice's own settings. */
    readonly configFile: string;
    /** conftool's `schema.yaml`. */
    readonly schemaFile: string;
  };
}

/** An object of either kind, as found. */
type Found = StoredNode | MalformedNode;

/** The exit code of shells for a program that could not be started. */
const NOT_STARTED = 127;
/** etcd answers a write that found no quorum after five seconds or more, and may still do it later. confctl then just exits 1. */
const ETCD_GIVES_UP_MS = 5000;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What confctl takes as it is: no comma or `=` of its tag list, no leading `-` (option) or `@` (file of arguments), no `re:`. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * conftool's objects, read from etcd as the native driver reads them, and written by the real confctl.
 *
 * The promise is weaker than compare-and-swap at the index that was shown. The object is read again, with quorum, just before confctl is started, and
 * refused when it has moved; but confctl then reads it for itself, and what somebody else writes between the two (about the 0.4 s in which Python
 * starts) is not seen by it. Such a write is kept beside ours, or lost under it, or, when it was a deletion, undone: that is what confctl does. It is
 * found out afterwards, from the events of the object, and answered as `write-unknown`, never as a success.
 */
export function openConfctlConftool(options: ConfctlConftoolOptions): Conftool {
  return new ConfctlConftool(options, openNativeConftool(options));
}

class ConfctlConftool implements Conftool {
  private readonly options: ConfctlConftoolOptions;
  private readonly native: Conftool;

  constructor(options: ConfctlConftoolOptions, native: Conftool) {
    this.options = options;
    this.native = native;
  }

  poolsOfService(service: string): Promise<Result<readonly Pool[]>> {
    return this.native.poolsOfService(service);
  }

  seen(service: string): readonly Pool[] | undefined {
    return this.native.seen(service);
  }

  seenPool(key: PoolKey): Pool | undefined {
    return this.native.seenPool(key);
  }

  pool(key: PoolKey): Promise<Result<Pool>> {
    return this.native.pool(key);
  }

  allPools(): Promise<Result<readonly Pool[]>> {
    return this.native.allPools();
  }

  records(): Promise<Result<readonly Pool[]>> {
    return this.native.records();
  }

  /**
   * Exit code and a read of the object decide, never what confctl says:
   *
   * | exit           | the object                                     | answer                                                    |
   * | -------------- | ---------------------------------------------- | --------------------------------------------------------- |
   * | 0              | changed once, and is as wanted                 | written                                                   |
   * | 0              | not changed                                    | `read-back-differs`: it wrote elsewhere, or is read-only  |
   * | not 0          | not changed                                    | `conftool-unexpected` with the code and its last line     |
   * | any            | changed otherwise, or cannot be read           | `write-unknown`                                           |
   * | killed         | not looked at: what was sent may arrive later  | `write-unknown`                                           |
   * | not 0, 5 s on  | not changed: etcd may still do it              | `write-unknown`                                           |
   */
  async write(from: StoredNode, set: Partial<NodeState>, origin: WriteOrigin): Promise<Result<Written>> {
    const { key } = from;
    const { scope, now, writeTimeoutMs, confctl } = this.options;
    if (!isPlace(key) || !insideScope(scope, key))
      return fail({ kind: 'outside-scope', at: key, scope: scopeText(scope) });
    const name = nameRefused(key);
    if (name !== undefined) return notRun(`confctl takes '${name}' for something else than a name`);
    const before = await this.find(key);
    if (!before.ok) return before;
    const moved = movedFault(from, before.value);
    if (moved !== undefined) return fail(moved);
    const startedAt = now();
    const end = await runProgram({
      command: confctl.command,
      args: argumentsFor(confctl, key, actionFor(from, set)),
      env: environmentFor(origin),
      timeoutMs: writeTimeoutMs,
    });
    const forMs = now() - startedAt;
    const unknown = (cause: string): Result<Written> =>
      fail({ kind: 'write-unknown', key, cause, forMs, tries: 1 });
    if (end.kind === 'not-started') return notRun(`${confctl.command}: ${end.cause}`);
    if (end.kind === 'killed') return unknown(`confctl: ${end.cause}`);
    const exit = `confctl: exit ${String(end.code)}`;
    const after = await this.find(key);
    if (!after.ok) return unknown(`${exit}, then no read: ${after.fault.kind}`);
    const found = after.value;
    const wanted: NodeState = { ...from.state, ...set };
    if (found?.modifiedIndex !== from.modifiedIndex) {
      const isOurs = end.code === 0 && isState(found, wanted) && (await this.isOnlyChange(from, found));
      return isOurs ? ok(writtenOf(found)) : unknown(`${exit}, and the object was changed otherwise`);
    }
    if (end.code === 0) return fail({ kind: 'read-back-differs', key, wanted, found: stateOf(found) });
    if (forMs >= ETCD_GIVES_UP_MS) return unknown(`${exit} after etcd's own time limit`);
    return fail({ kind: 'conftool-unexpected', status: end.code, text: `confctl: ${end.lastLine}` });
  }

  firstChangeAfter(key: NodeKey, index: number): Promise<Result<FirstChange>> {
    return this.native.firstChangeAfter(key, index);
  }

  watch(heard: (changes: readonly ObjectChange[]) => void): Watch {
    return this.native.watch(heard);
  }

  ping(): Promise<Result<void>> {
    return this.native.ping();
  }

  close(): Promise<void> {
    return this.native.close();
  }

  /** The object as it is now, by quorum read; undefined when it is not there. */
  private async find(key: NodeKey): Promise<Result<Found | undefined>> {
    const pool = await this.native.pool(key);
    if (!pool.ok) return pool;
    const { nodes, malformed } = pool.value;
    return ok([...nodes, ...malformed].find((one) => one.key.host === key.host));
  }

  /** Whether nothing lies between what was shown and what stands there: then nobody's change was lost, and confctl's is the one. */
  private async isOnlyChange(from: StoredNode, found: Found): Promise<boolean> {
    const first = await this.native.firstChangeAfter(from.key, from.modifiedIndex);
    return first.ok && first.value.kind === 'changed' && first.value.modifiedIndex === found.modifiedIndex;
  }
}

/** The part of a key that confctl would not take for a plain name. */
function nameRefused({ dc, cluster, service, host }: NodeKey): string | undefined {
  const refused = [dc, cluster, service, host].find((name) => !NAME.test(name));
  // The host that is called so would be every host of the pool.
  return refused ?? (host === 'all' ? host : undefined);
}

function movedFault({ key, modifiedIndex }: StoredNode, now: Found | undefined): Fault | undefined {
  if (now === undefined) return { kind: 'object-absent', key };
  if (now.modifiedIndex === modifiedIndex) return undefined;
  return { kind: 'compare-failed', key, expectedIndex: modifiedIndex, foundIndex: now.modifiedIndex };
}

function argumentsFor(
  { configFile, schemaFile }: ConfctlConftoolOptions['confctl'],
  { dc, cluster, service, host, record }: NodeKey,
  action: string,
): readonly string[] {
  const tags =
    record === undefined
      ? `dc=${dc},cluster=${cluster},service=${service}`
      : `${record === 'discovery' ? 'dnsdisc' : 'geodns'}=${service}`;
  // Quiet: what is said about it, and where, is Sluice's.
  const common = ['--config', configFile, '--schema', schemaFile, '--quiet'];
  const type = record === undefined ? [] : ['--object-type', record];
  return [...common, ...type, 'tags', tags, '--action', action, host];
}

/** `set/pooled=no:weight=5`. Only what is named; but confctl wants at least one field, so a write of nothing names both as they are. */
function actionFor({ key, state }: StoredNode, set: Partial<NodeState>): string {
  const { pooled, weight } = set.pooled === undefined && set.weight === undefined ? state : set;
  if (key.record === 'discovery') return `set/pooled=${String((pooled ?? state.pooled) === 'yes')}`;
  const fields = [
    ...(pooled === undefined ? [] : [`pooled=${pooled}`]),
    ...(weight === undefined ? [] : [`weight=${String(weight)}`]),
  ];
  return `set/${fields.join(':')}`;
}

/** confctl's audit record names `SUDO_USER` when the user is root; `~root/.etcdrc` is then the one that it reads. */
function environmentFor({ person }: WriteOrigin): Readonly<Record<string, string>> {
  return { PATH, LC_ALL: 'C.UTF-8', USER: 'root', SUDO_USER: person };
}

function notRun(text: string): Result<Written> {
  return fail({ kind: 'conftool-unexpected', status: NOT_STARTED, text });
}

function stateOf(found: Found | undefined): NodeState | undefined {
  return found !== undefined && 'state' in found ? found.state : undefined;
}

function isState(found: Found | undefined, wanted: NodeState): found is StoredNode {
  const state = stateOf(found);
  return state !== undefined && sameState(state, wanted);
}

function writtenOf({ text, modifiedIndex }: StoredNode): Written {
  return { text, modifiedIndex };
}
