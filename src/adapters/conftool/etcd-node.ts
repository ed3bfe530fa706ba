/** A key of the v2 tree. */
export interface EtcdNode {
  readonly key: string;
  readonly dir?: boolean | undefined;
  readonly value?: string | undefined;
  readonly nodes?: readonly EtcdNode[] | undefined;
  readonly modifiedIndex: number;
}

/**
 * What a success says; undefined when it has another shape. By hand and without a copy: a tree has a thousand nodes and is read before and after each
 * write.
 */
export function readSuccess(json: unknown): { readonly action: string; readonly node: EtcdNode } | undefined {
  const { action, node } = (json ?? {}) as { readonly action?: unknown; readonly node?: unknown };
  if (typeof action !== 'string' || typeof node !== 'object' || node === null) return undefined;
  // The root of the store has neither.
  const root = { key: '/', modifiedIndex: 0, ...node };
  return isNode(root) ? { action, node: root } : undefined;
}

export function isNode(node: unknown): node is EtcdNode {
  if (typeof node !== 'object' || node === null) return false;
  const { key, dir, value, nodes, modifiedIndex } = node as Record<keyof EtcdNode, unknown>;
  return (
    typeof key === 'string' &&
    typeof modifiedIndex === 'number' &&
    (value === undefined || typeof value === 'string') &&
    (dir === undefined || typeof dir === 'boolean') &&
    (nodes === undefined || (Array.isArray(nodes) && nodes.every(isNode)))
  );
}

/** undefined for what is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
