import type { Reading } from './file-or-env.ts';
import { readSecret, readText } from './file-or-env.ts';
import { isLoopback } from './loopback.ts';
import type { TlsConfig } from './resolve.ts';
import type { FileContent } from './schema.ts';
import type { Secret } from './secret.ts';

interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A Redis of the operator's. */
export interface RedisConfig {
  /** One server, a master that sentinels know by name, or a cluster. URLs are without secrets. */
  readonly place:
    | { readonly url: string }
    | {
        readonly sentinels: readonly HostPort[];
        readonly name: string;
        readonly sentinelPassword: Secret | undefined;
      }
    | { readonly cluster: readonly HostPort[] };
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly tls: TlsConfig | undefined;
  /** So many replicas must have a change that is to survive its server. */
  readonly minReplicas: number;
}

type Section = NonNullable<FileContent['redis']>;

const at = 'redis';
const FORMS = ['url', 'sentinels', 'cluster'] as const;

/** Reads the Redis section; undefined when it is not there: then Sluice starts its own. */
export function resolveRedis(reading: Reading, redis: FileContent['redis']): RedisConfig | undefined {
  const complain = (path: string, text: string): void => void reading.problems.push({ path, text });
  if (redis === undefined) {
    if (reading.role !== 'both')
      complain(at, 'is missing: gateway and worker share one, so it must be named');
    return undefined;
  }
  const given = FORMS.filter((form) => redis[form] !== undefined);
  if (given.length !== 1) {
    complain(
      given.length === 0 ? 'redis.url' : at,
      given.length === 0
        ? 'is missing: give redis://HOST:6379, sentinels and name, or cluster; or leave out redis'
        : `has ${given.join(' and ')}: give one of them`,
    );
    return undefined;
  }
  if (redis.sentinels === undefined && (redis.name !== undefined || hasText(redis, 'sentinelPassword')))
    complain('redis.name', 'is for sentinels only');
  if (redis.sentinels !== undefined && redis.name === undefined)
    complain('redis.name', 'is missing: what the sentinels call the master, often mymaster');
  const username = readText(reading, redis, { at, name: 'username', kind: 'plain' });
  const hasPassword = hasText(redis, 'password');
  const password = hasPassword ? readSecret(reading, redis, { at, name: 'password' }) : undefined;
  const isTlsUrl = redis.url?.startsWith('rediss:') === true;
  if (isTlsUrl && redis.tls === false) complain('redis.tls', 'false contradicts rediss: in redis.url');
  const wantsTls = isTlsUrl || (redis.tls ?? false) !== false;
  const tls = typeof redis.tls === 'object' ? resolveTls(reading, redis.tls) : { ca: undefined };
  const far = hostsOf(redis).find((host) => !isLoopback(host));
  if (far !== undefined && !(wantsTls && hasPassword))
    complain(
      `redis.${given[0] ?? 'url'}`,
      `${far} is not this machine: give passwordFile and tls: true (who may write there could forge operations)`,
    );
  return {
    place: placeOf(reading, redis),
    username,
    password,
    tls: wantsTls ? tls : undefined,
    minReplicas: redis.minReplicas ?? (redis.url === undefined ? 1 : 0),
  };
}

function placeOf(reading: Reading, redis: Section): RedisConfig['place'] {
  const { url, sentinels, cluster, name = '' } = redis;
  if (url !== undefined) return { url };
  if (sentinels === undefined) return { cluster: cluster ?? [] };
  const sentinelPassword = hasText(redis, 'sentinelPassword')
    ? readSecret(reading, redis, { at, name: 'sentinelPassword' })
    : undefined;
  return { sentinels, name, sentinelPassword };
}

function hostsOf({ url, sentinels, cluster }: Section): readonly string[] {
  if (url !== undefined) return [new URL(url).hostname];
  return (sentinels ?? cluster ?? []).map(({ host }) => host);
}

function hasText(redis: Section, name: 'password' | 'sentinelPassword'): boolean {
  return redis[`${name}File`] !== undefined || redis[`${name}Env`] !== undefined;
}

function resolveTls(reading: Reading, tls: Exclude<Section['tls'], boolean | undefined>): TlsConfig {
  const where = 'redis.tls';
  const plain = (name: string): string | undefined =>
    readText(reading, tls, { at: where, name, kind: 'plain' });
  const ca = plain('ca');
  const cert = plain('clientCert');
  const hasKey = tls.clientKeyFile !== undefined || tls.clientKeyEnv !== undefined;
  if (cert === undefined) {
    if (hasKey)
      reading.problems.push({
        path: `${where}.clientCertFile`,
        text: 'is missing: a key needs its certificate',
      });
    return { ca };
  }
  return { ca, cert, key: readSecret(reading, tls, { at: where, name: 'clientKey' }) };
}
