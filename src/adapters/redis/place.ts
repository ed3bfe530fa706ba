import type { Redis } from 'ioredis';
import { Cluster } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { ConnectionOptions } from 'node:tls';
import { GatheringRedis } from './gathering-client.ts';

/** A server by its address. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is; secrets come apart from it. `url` is `redis://HOST:PORT[/DB]`. */
export type RedisAddress = { readonly minReplicas?: number } & (
  | { readonly socket: string }
  | ({
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      readonly tls?: ConnectionOptions | undefined;
    } & (
      | { readonly url: string }
      | {
          readonly sentinels: readonly HostPort[];
          /** What the sentinels call the master. */
          readonly name: string;
          readonly sentinelPassword?: string | undefined;
        }
      | { readonly cluster: readonly HostPort[] }
    ))
);

/** What every client of that Redis needs to connect. */
export interface RedisPlace {
  readonly options: Behaviour;
  /** Some nodes of a cluster; undefined where one server, or one master, has everything. */
  readonly nodes: readonly HostPort[] | undefined;
  /** So many replicas must have what is to survive the server that took it. */
  readonly minReplicas: number;
}

const SENTINEL_RETRY_MS = 200;

/** From an address to what clients connect with. A `rediss:` URL means TLS. */
export function connectionOptions(address: RedisAddress): RedisPlace {
  const { minReplicas = 0 } = address;
  if ('socket' in address) return { options: { path: address.socket }, nodes: undefined, minReplicas };
  const { username, password } = address;
  const url = 'url' in address ? new URL(address.url) : undefined;
  const tls = address.tls ?? (url?.protocol === 'rediss:' ? {} : undefined);
  const common: Behaviour = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
  if ('cluster' in address) return { options: common, nodes: address.cluster, minReplicas };
  if ('sentinels' in address)
    return {
      options: {
        ...common,
        sentinels: [...address.sentinels],
        name: address.name,
        ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
        ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
        sentinelRetryStrategy: () => SENTINEL_RETRY_MS,
        // A master that was replaced and lives may not have been told: what it takes then is lost.
        failoverDetector: true,
        // A master that has become a replica: the command was not carried out, and is sent to the new one.
        reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
      },
      nodes: undefined,
      minReplicas,
    };
  return {
    options: {
      ...common,
      host: (url?.hostname ?? '').replace(/^\[|\]$/g, ''),
      port: Number(url?.port === '' ? 6379 : url?.port),
      db: Number(url?.pathname.slice(1)),
    },
    nodes: undefined,
    minReplicas,
  };
}

/** How a client behaves, besides where it connects to. */
export type Behaviour = Omit<RedisOptions, 'replyMapping'>;

/** How often a cluster is asked who has which keys, besides when a node says that it has them no more. */
const SLOTS_EVERY_MS = 2000;
const RESEND_MS = 100;

/**
 * A client of that Redis. One of a cluster takes the same commands, as long as all their keys have one hash tag; it is given the type of the other, for there
 * is no command of ours that they do not share.
 *
 * @param behaviour as of a single server. With `autoResendUnfulfilledCommands: false` a cluster does not send again either what may have been carried out.
 */
export function connectTo({ options, nodes }: RedisPlace, behaviour: Behaviour): Redis {
  // As the queue's library knows the answers, and our scripts.
  const replyMapping = 'legacy' as const;
  if (nodes === undefined) return new GatheringRedis(Object.assign({}, options, behaviour, { replyMapping }));
  const { lazyConnect, enableOfflineQueue, retryStrategy, ...each } = behaviour;
  const resendMs = behaviour.autoResendUnfulfilledCommands === false ? 0 : RESEND_MS;
  const cluster = new Cluster([...nodes], {
    redisOptions: Object.assign({}, options, each, { replyMapping }),
    retryDelayOnFailover: resendMs,
    retryDelayOnClusterDown: resendMs,
    slotsRefreshInterval: SLOTS_EVERY_MS,
    ...(lazyConnect === undefined ? {} : { lazyConnect }),
    ...(enableOfflineQueue === undefined ? {} : { enableOfflineQueue }),
    ...(retryStrategy === undefined ? {} : { clusterRetryStrategy: retryStrategy }),
  });
  return cluster as unknown as Redis;
}

/** The servers behind a client that take changes: of a cluster several. */
export function mastersOf(client: Redis): readonly Redis[] {
  const any: unknown = client;
  return any instanceof Cluster ? any.nodes('master') : [client];
}
