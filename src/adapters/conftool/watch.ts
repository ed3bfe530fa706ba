import type { NodeKey, NodeState } from '../../core/node.ts';
import { recordKey } from '../../core/node.ts';
import { parseStoredNode } from '../../core/stored-value.ts';
import type { ObjectChange, Watch } from '../../ports/conftool.ts';
import { Soon } from '../../observe/soon.ts';
import type { EtcdNode } from './etcd-node.ts';
import type { EtcdV2 } from './etcd-v2.ts';
import type { Mirror } from './mirror.ts';

/** What the watch needs. Times in milliseconds. */
export interface WatchOptions {
  /** `/conftool/v1`. */
  readonly version: string;
  readonly readTimeoutMs: number;
  /** One long wait for an event; then another begins. */
  readonly waitMs: number;
  /** Before etcd is asked again when it does not answer. */
  readonly retryMs: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told of everything at once. */
  readonly mirror: Mirror;
}

/** Changes that come within this time are told together. Whoever writes reads back first. */
const GATHER_MS = 20;

/** An object as it was last seen. */
interface Seen {
  readonly text: string;
  readonly modifiedIndex: number;
}

/**
 * Follows every object of conftool. When etcd was away, or has forgotten the events since (it keeps 1000), everything is read again and compared with
 * what was seen last: then only the difference is known, not what happened in between, and it is told as late. A wait that is under way when it is
 * closed ends with the connections.
 */
export function watchConftool(
  etcd: EtcdV2,
  options: WatchOptions,
  heard: (changes: readonly ObjectChange[]) => void,
): Watch {
  const state = { closed: false };
  const soon = new Soon<ObjectChange>(GATHER_MS, heard);
  const tell = (changes: readonly ObjectChange[]): void => {
    for (const change of changes) soon.push(change);
  };
  void follow(etcd, options, tell, state);
  return {
    close: () => {
      state.closed = true;
      soon.flush();
    },
  };
}

async function follow(
  etcd: EtcdV2,
  { version, readTimeoutMs, waitMs, retryMs, sleep, mirror }: WatchOptions,
  tell: (changes: readonly ObjectChange[]) => void,
  state: { readonly closed: boolean },
): Promise<void> {
  let seen: Map<string, Seen> | undefined;
  let index = 0;
  let isListed = false;
  while (!state.closed) {
    if (!isListed) {
      const listed = await etcd.list(version, readTimeoutMs);
      if (!listed.ok) {
        await sleep(retryMs);
        continue;
      }
      const now = objectsIn(listed.value.node, version);
      if (seen !== undefined) tell(difference(seen, now));
      seen = now;
      index = listed.value.index;
      isListed = true;
      mirror.begin(index);
    }
    const known = seen ?? new Map<string, Seen>();
    const followed = await etcd.follow(
      version,
      { index: index + 1, timeoutMs: waitMs },
      ({ node, action }) => {
        index = node.modifiedIndex;
        mirrorEvent(mirror, node, action);
        // What a directory took with it, its event does not say.
        if (node.dir === true) isListed = false;
        else tell(apply(known, node, action, version));
        return isListed && !state.closed;
      },
    );
    if (!followed.ok || followed.value === 'cleared') isListed = false;
    // Until it is listed anew.
    if (!isListed) mirror.lose();
    if (!followed.ok) await sleep(retryMs);
  }
  mirror.lose();
}

function mirrorEvent(mirror: Mirror, { key, value, dir, modifiedIndex }: EtcdNode, action: string): void {
  const end = key.lastIndexOf('/');
  const text = isRemoval(action) ? undefined : value;
  mirror.apply(key.slice(0, end), dir === true ? undefined : key.slice(end + 1), text, modifiedIndex);
}

function isRemoval(action: string): boolean {
  return action === 'delete' || action === 'expire' || action === 'compareAndDelete';
}

/** Takes one event into what was seen. A rewrite of the same text changes nothing for anybody. */
function apply(
  seen: Map<string, Seen>,
  { key, value, modifiedIndex }: EtcdNode,
  action: string,
  version: string,
): readonly ObjectChange[] {
  const path = key.slice(version.length + 1);
  const before = seen.get(path);
  const isGone = isRemoval(action) || value === undefined;
  if (isGone) seen.delete(path);
  else seen.set(path, { text: value, modifiedIndex });
  const after = isGone ? undefined : { text: value, modifiedIndex };
  if (before?.text === after?.text) return [];
  return changeOf(path, before, after, { modifiedIndex, isLate: false });
}

function difference(
  before: ReadonlyMap<string, Seen>,
  after: ReadonlyMap<string, Seen>,
): readonly ObjectChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was?.text === is?.text) return [];
    // Of what is gone nobody knows when it went: it is told under the last index that it had.
    const modifiedIndex = is?.modifiedIndex ?? was?.modifiedIndex ?? 0;
    return changeOf(path, was, is, { modifiedIndex, isLate: true });
  });
}

function changeOf(
  path: string,
  before: Seen | undefined,
  after: Seen | undefined,
  common: { readonly modifiedIndex: number; readonly isLate: boolean },
): readonly ObjectChange[] {
  const key = keyOf(path);
  if (key === undefined) return [];
  return [{ key, before: stateOf(key, before), after: stateOf(key, after), ...common }];
}

function stateOf(key: NodeKey, seen: Seen | undefined): NodeState | undefined {
  if (seen === undefined) return undefined;
  const node = parseStoredNode(key, seen.text, seen.modifiedIndex);
  return 'state' in node ? node.state : undefined;
}

/** `pools/eqiad/maps/kartotherian/maps1005.eqiad.wmnet`, `discovery/kartotherian/codfw`; anything else is not followed. */
function keyOf(path: string): NodeKey | undefined {
  const [type, first, second, third, host, ...more] = path.split('/');
  if (first === undefined || second === undefined || more.length > 0) return undefined;
  if (type === 'pools' && third !== undefined && host !== undefined)
    return { dc: first, cluster: second, service: third, host };
  if ((type === 'discovery' || type === 'geodns') && third === undefined)
    return { ...recordKey(type, first), host: second };
  return undefined;
}

function objectsIn(root: EtcdNode | undefined, version: string): Map<string, Seen> {
  const found = new Map<string, Seen>();
  const visit = ({ key, value, nodes, modifiedIndex }: EtcdNode): void => {
    if (value !== undefined) found.set(key.slice(version.length + 1), { text: value, modifiedIndex });
    for (const node of nodes ?? []) visit(node);
  };
  if (root !== undefined) visit(root);
  return found;
}
