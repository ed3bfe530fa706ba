import type { StoredNode } from './node.ts';

/** Where names stand in a list of nodes: hosts in full, and short. */
type Places = ReadonlyMap<string, readonly number[]>;

/** By list: hosts hardly ever come or go, and lists that have the same ones share where they stand. */
const known = new WeakMap<readonly StoredNode[], Places>();

/**
 * Finds hosts by name.
 *
 * @param name in full, or short: up to the first dot.
 * @returns indexes into `nodes`; several when a short name means several.
 */
export function placesOf(nodes: readonly StoredNode[], name: string): readonly number[] {
  return placesIn(nodes).get(name) ?? [];
}

/** The node of a host, named in full. */
export function nodeOf(nodes: readonly StoredNode[], host: string): StoredNode | undefined {
  const place = placeOf(nodes, host);
  return place === undefined ? undefined : nodes[place];
}

/** The index of a host, named in full. */
export function placeOf(nodes: readonly StoredNode[], host: string): number | undefined {
  return placesOf(nodes, host).find((place) => nodes[place]?.key.host === host);
}

/** A copy to be changed in place, but for its hosts. */
export function copyNodes(nodes: readonly StoredNode[]): StoredNode[] {
  const copy = [...nodes];
  known.set(copy, placesIn(nodes));
  return copy;
}

/** The same list with another value of one host. */
export function withNode(
  nodes: readonly StoredNode[],
  place: number,
  node: StoredNode,
): readonly StoredNode[] {
  const changed = copyNodes(nodes);
  changed[place] = node;
  return changed;
}

/** To be called where both lists have the same hosts in the same order. */
export function sharePlaces(from: readonly StoredNode[], to: readonly StoredNode[]): void {
  const places = known.get(from);
  if (places !== undefined) known.set(to, places);
}

function placesIn(nodes: readonly StoredNode[]): Places {
  const before = known.get(nodes);
  if (before !== undefined) return before;
  const places = new Map<string, number[]>();
  const add = (name: string, place: number): void => {
    const others = places.get(name);
    if (others === undefined) places.set(name, [place]);
    else others.push(place);
  };
  for (const [place, { key }] of nodes.entries()) {
    add(key.host, place);
    const end = key.host.indexOf('.');
    if (end > 0) add(key.host.slice(0, end), place);
  }
  known.set(nodes, places);
  return places;
}
