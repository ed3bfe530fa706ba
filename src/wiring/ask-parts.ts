import type { Parts } from '../app/parts.ts';
import type { PartHealth } from '../core/health.ts';
import type { Chat } from '../ports/chat.ts';

/**
 * Asks every part now. Each answers within its own bound.
 *
 * @param speaker who is on the networks in place of this process.
 */
export async function askParts(
  {
    store,
    conftool,
    loadBalancers,
    kubernetes,
  }: Pick<Parts, 'store' | 'conftool' | 'loadBalancers' | 'kubernetes'>,
  chats: readonly Chat[],
  own: readonly PartHealth[],
  speaker: string | undefined,
): Promise<readonly PartHealth[]> {
  const [redis, etcd, silent, clusters] = await Promise.all([
    store.ping(),
    conftool.ping(),
    loadBalancers.silent(),
    kubernetes?.silent() ?? [],
  ]);
  return [
    { part: 'redis', ok: redis.ok, text: redis.ok ? '' : redis.fault.kind },
    { part: 'etcd', ok: etcd.ok, text: etcd.ok ? '' : etcd.fault.kind },
    ...(loadBalancers.configured
      ? [
          {
            part: 'load balancers',
            ok: silent.length === 0,
            text: silent.map(({ balancer, cause }) => `${balancer}: ${cause}`).join('; '),
          },
        ]
      : []),
    ...(kubernetes === undefined
      ? []
      : [
          {
            part: 'kubernetes',
            ok: clusters.length === 0,
            text: clusters.map(({ cause }) => cause).join(' '),
          },
        ]),
    ...own,
    ...chats.map((chat) =>
      chat.oneVoice === true && speaker !== undefined
        ? { part: chat.transport, ok: true, text: `${speaker} speaks` }
        : { part: chat.transport, ok: chat.state() === 'ready', text: chat.state() },
    ),
  ];
}
