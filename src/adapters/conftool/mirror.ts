import { nodeOf, placeOf, withNode } from '../../core/host-places.ts';
import type { Pool, StoredNode } from '../../core/node.ts';
import { parseStoredNode } from '../../core/stored-value.ts';
import type { EtcdNode } from './etcd-node.ts';
import type { ReadAnswer } from './etcd-v2.ts';

/** Pools and places of changes that are remembered: far more than a tree has pools. */
const MOST = 5000;

/**
 * Pools as they were read, and as the watch has seen them change since. That alone says nothing of now; a quorum read of any key does, for its answer carries the
 * index of the whole store: when every event up to that one was seen, these pools are what a quorum read of them at that moment would have answered.
 */
export class Mirror {
  private readonly pools = new Map<string, Pool>();
  /** By the path of a pool: the last event in it. */
  private readonly touched = new Map<string, number>();
  private seen: number | undefined;

  /** The index up to which every event was seen; undefined while none is. */
  get index(): number | undefined {
    return this.seen;
  }

  /** The watch has read everything at that index, and tells of every event after it. What was known before may be older. */
  begin(index: number): void {
    this.lose();
    this.seen = index;
  }

  /** There may be events that nobody tells of. */
  lose(): void {
    this.seen = undefined;
    this.pools.clear();
    this.touched.clear();
  }

  /** A pool as it was read in one piece at an index. @param path of its directory. */
  keep(path: string, pool: Pool, index: number): void {
    if (this.seen === undefined || index < (this.touched.get(path) ?? 0)) return;
    // What the watch tells later of before that read is in it already.
    if (this.pools.size >= MOST) this.pools.clear();
    this.pools.set(path, pool);
  }

  find(path: string): Pool | undefined {
    return this.pools.get(path);
  }

  /**
   * Whether all that is known here was so when an object was read.
   *
   * @param read what a quorum read of that object said, and the index of the whole store then.
   * @param from `index` before it was asked for.
   */
  isUpTo(
    { answer, index }: ReadAnswer,
    { path, host, from }: { readonly path: string; readonly host: string; readonly from: number },
  ): boolean {
    if (index < from) this.lose();
    if (this.seen === undefined || index > this.seen) return false;
    const pool = this.pools.get(path);
    const node = pool === undefined ? undefined : nodeOf(pool.nodes, host);
    if (node !== undefined && node.modifiedIndex > index) return false;
    if (node !== undefined && answer.kind === 'node' && isSameObject(node, answer.node)) return true;
    this.lose();
    return false;
  }

  /** Our own write: where it is the next event, what that will tell is known before it comes. */
  wrote(path: string, host: string, text: string, index: number): void {
    if (this.seen === index - 1) this.apply(path, host, text, index);
  }

  /**
   * One event, in order. `host` undefined: something happened to a directory.
   *
   * @param text undefined when the object is gone.
   */
  apply(path: string, host: string | undefined, text: string | undefined, index: number): void {
    if (this.seen === undefined || index <= this.seen) return;
    this.seen = index;
    if (host === undefined) {
      this.lose();
      return;
    }
    if (this.touched.size >= MOST) this.touched.clear();
    this.touched.set(path, index);
    const known = this.pools.get(path);
    if (known === undefined) return;
    const { nodes } = known;
    const place = placeOf(nodes, host);
    const before = place === undefined ? undefined : nodes[place];
    if (before !== undefined && before.modifiedIndex >= index) return;
    const node =
      before === undefined || text === undefined ? undefined : parseStoredNode(before.key, text, index);
    // Whatever changes more than one object's value is read anew.
    if (place === undefined || node === undefined || !('state' in node)) this.pools.delete(path);
    else this.pools.set(path, { ...known, nodes: withNode(nodes, place, node) });
  }
}

/** Whether an object is what was read of it just now. */
function isSameObject(node: StoredNode, { value, modifiedIndex }: EtcdNode): boolean {
  return node.modifiedIndex === modifiedIndex && node.text === value;
}
