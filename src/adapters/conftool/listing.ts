import type { EtcdNode } from './etcd-node.ts';
import { isNode } from './etcd-node.ts';

/** What each object of an answer begins with. It cannot stand inside a text, whose quotes are escaped. */
const CUT = '{"key":"';

/** A directory of objects as etcd answered it, cut into them. */
export interface Listing {
  readonly body: string;
  readonly action: string;
  readonly node: EtcdNode;
  /** What stands before the directory, its own head, and each object up to the next; undefined where it has directories in it. */
  readonly pieces: readonly string[] | undefined;
}

export function listingOf(body: string, { action, node }: Pick<Listing, 'action' | 'node'>): Listing {
  const isFlat = node.nodes?.every(({ dir }) => dir !== true) === true;
  return { body, action, node, pieces: isFlat ? body.split(CUT) : undefined };
}

/**
 * Takes a new answer apart by one that was taken apart before: most objects of a pool are the same text each time, and stay the very same nodes.
 *
 * @returns undefined when anything but the text of some objects is another one.
 */
export function takeApart(body: string, before: Listing): Listing | undefined {
  if (body === before.body) return before;
  const { action, node } = before;
  if (before.pieces === undefined) return undefined;
  const pieces = body.split(CUT);
  const old = node.nodes ?? [];
  // The last object has the end of the directory behind it.
  const last = pieces.length - 1;
  if (pieces.length !== before.pieces.length || old.length !== pieces.length - 2) return undefined;
  if ([0, 1, last].some((at) => pieces[at] !== before.pieces?.[at])) return undefined;
  const nodes = [...old];
  for (let at = 2; at < last; at++) {
    const piece = pieces[at] ?? '';
    if (piece === before.pieces[at]) continue;
    const fresh = readObject(piece);
    if (fresh === undefined || fresh.key !== old[at - 2]?.key) return undefined;
    nodes[at - 2] = fresh;
  }
  return { body, action, node: { ...node, nodes }, pieces };
}

function readObject(piece: string): EtcdNode | undefined {
  if (!piece.endsWith(',')) return undefined;
  try {
    const node: unknown = JSON.parse(`${CUT}${piece.slice(0, -1)}`);
    return isNode(node) ? node : undefined;
  } catch {
    return undefined;
  }
}
