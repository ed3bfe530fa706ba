import { z } from 'zod';

const Node = z.object({
  key: z.string(),
  dir: z.boolean().optional(),
  value: z.string().optional(),
  modifiedIndex: z.number(),
});
const Answer = z.object({ node: Node.extend({ nodes: z.array(Node).optional() }) });

/** The text stored at a full etcd path, by quorum read; undefined when nothing is there or it is a folder. */
export async function readEtcdValue(url: string, path: string): Promise<string | undefined> {
  return (await get(url, path))?.value;
}

/** An object with its modifiedIndex, or the names in a folder: for people. A path may leave out `/conftool/v1/`. */
export async function describeEtcdPath(url: string, path: string): Promise<string> {
  const bare = path.replace(/\/+$/, '');
  const full = bare.startsWith('/conftool') ? bare : `/conftool/v1/${bare.replace(/^\/+/, '')}`;
  const node = await get(url, full);
  if (node === undefined) return `${full}: nothing there`;
  if (node.dir !== true) return `${full}: ${node.value ?? ''} (modifiedIndex ${String(node.modifiedIndex)})`;
  const names = (node.nodes ?? []).map(
    ({ key, dir }) => key.slice(node.key.length + 1) + (dir === true ? '/' : ''),
  );
  return `${full}: ${names.sort().join(' ')}`;
}

async function get(url: string, path: string): Promise<z.infer<typeof Answer>['node'] | undefined> {
  const response = await fetch(`${url}/v2/keys${path}?quorum=true`);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`etcd answered ${String(response.status)} for ${path}`);
  return Answer.parse(await response.json()).node;
}
