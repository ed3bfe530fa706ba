import { get } from 'node:http';
import { z } from 'zod';

const Event = z.object({
  action: z.string(),
  node: z.object({ key: z.string(), value: z.string().optional(), modifiedIndex: z.number() }),
  prevNode: z.object({ value: z.string().optional(), modifiedIndex: z.number() }).optional(),
});

/** One change of one object, as etcd tells it. */
export interface EtcdEvent {
  readonly action: string;
  /** Below the namespace and version: `pools/…`. */
  readonly path: string;
  readonly index: number;
  readonly text: string | undefined;
  /** The object before: its index and text; undefined when it is new. */
  readonly before: { readonly index: number; readonly text: string | undefined } | undefined;
  /** When it was seen, in ms since 1970. */
  readonly seenAt: number;
}

/** Everything that anybody changes in conftool's tree from now on. */
export interface EtcdEvents {
  readonly all: readonly EtcdEvent[];
  of(path: string): readonly EtcdEvent[];
  close(): void;
}

const ROOT = '/conftool/v1/';

/** Begins to follow; resolves when nothing later can be missed. A change is never asked for again, so the window of 1000 events does not matter. */
export async function followEtcd(url: string): Promise<EtcdEvents> {
  const all: EtcdEvent[] = [];
  const head = await fetch(`${url}/v2/keys${ROOT}?quorum=true`);
  await head.arrayBuffer();
  let next = Number(head.headers.get('x-etcd-index')) + 1;
  const life = { closed: false };
  let end = (): void => undefined;
  const follow = async (): Promise<void> => {
    while (!life.closed) {
      const answer = await poll(
        `${url}/v2/keys${ROOT}?wait=true&recursive=true&waitIndex=${String(next)}`,
        (abort) => {
          end = abort;
        },
      );
      if (answer === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const { action, node, prevNode } = Event.parse(JSON.parse(answer));
      next = node.modifiedIndex + 1;
      all.push({
        action,
        path: node.key.slice(ROOT.length),
        index: node.modifiedIndex,
        text: node.value,
        before: prevNode && { index: prevNode.modifiedIndex, text: prevNode.value },
        seenAt: Date.now(),
      });
    }
  };
  void follow();
  return {
    all,
    of: (path) => all.filter((event) => event.path === path),
    close: () => {
      life.closed = true;
      end();
    },
  };
}

/** The next event; undefined when etcd is away or the wait was aborted. */
function poll(url: string, onAbort: (abort: () => void) => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.once('close', () => {
        resolve(response.complete && response.statusCode === 200 && body !== '' ? body : undefined);
      });
    });
    asked.once('error', () => {
      resolve(undefined);
    });
    onAbort(() => asked.destroy());
  });
}
