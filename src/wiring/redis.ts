import type { RedisAddress } from '../adapters/redis/place.ts';
import { startPrivateRedis } from '../adapters/redis/private-server.ts';
import type { Config } from '../config.ts';
import type { Log } from '../observe/log.ts';

/** A Redis to connect to; `close` ends what was started for it. */
export interface RedisServer {
  readonly address: RedisAddress;
  readonly close: () => Promise<void>;
}

/** The Redis of the configuration, else a private one below `stateDir`. @throws when the private one does not start. */
export async function openRedis(config: Config, log: Log): Promise<RedisServer> {
  if (config.redis !== undefined) return { address: addressOf(config.redis), close: () => Promise.resolve() };
  const server = await startPrivateRedis({ stateDir: config.stateDir, program: config.redisProgram, log });
  return { address: { socket: server.socket }, close: () => server.close() };
}

/** Where a Redis of the operator's is, with its secrets. */
export function addressOf({
  place,
  username,
  password,
  tls,
  minReplicas,
}: NonNullable<Config['redis']>): RedisAddress {
  const common = {
    username,
    password: password?.reveal(),
    tls: tls && { ca: tls.ca, cert: tls.cert, key: tls.key?.reveal() },
    minReplicas,
  };
  return 'sentinels' in place
    ? { ...common, ...place, sentinelPassword: place.sentinelPassword?.reveal() }
    : { ...common, ...place };
}
