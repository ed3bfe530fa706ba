import { Redis } from 'ioredis';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** One server of several. */
interface RedisMember {
  readonly port: number;
  readonly process: LabProcess;
}

/** Several servers that keep one journal. */
export interface RedisTogether {
  /** The section `redis` of sluice.yaml. */
  readonly section: Readonly<Record<string, unknown>>;
  /** The server that has the journal now. */
  master(): Promise<RedisMember>;
  /** Every server that holds data and runs. */
  readonly members: readonly RedisMember[];
  /** Speaks with the server that has the journal now. */
  onMaster<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const NAME = 'mymaster';
const KEEP = [
  ['--appendonly', 'yes'],
  ['--appendfsync', 'always'],
  ['--save', ''],
  ['--maxmemory-policy', 'noeviction'],
  ['--repl-diskless-sync-delay', '0'],
  ['--min-replicas-to-write', '1'],
  ['--min-replicas-max-lag', '3'],
].flat();

/** One master, two replicas and three sentinels, who take a master for dead after a second. Resolves when a failover would lose nothing. */
export async function startSentinels(runDir: RunDir): Promise<RedisTogether> {
  const first = await startMember(runDir, KEEP);
  const replicas = await Promise.all(
    [1, 2].map(() => startMember(runDir, [...KEEP, '--replicaof', `127.0.0.1 ${String(first.port)}`])),
  );
  const members = [first, ...replicas];
  await waitUntil('replicas are in sync', () =>
    onServer(first.port, async (redis) => inSync(await redis.info()) === 2),
  );
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(runDir, first.port)));
  for (const { port } of sentinels)
    await waitUntil('the sentinel knows all', () =>
      onServer(port, async (redis) => {
        const known = pairs((await redis.call('SENTINEL', 'MASTER', NAME)) as readonly string[]);
        return known['num-slaves'] === '2' && known['num-other-sentinels'] === '2';
      }),
    );
  const masterPort = async (): Promise<number> => {
    for (const { port } of sentinels) {
      const [, known] = await onServer(port, async (redis) => {
        return (await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as readonly string[];
      });
      if (known !== undefined) return Number(known);
    }
    throw new Error('no sentinel knows a master');
  };
  return together(members, masterPort, sentinels, {
    sentinels: sentinels.map(({ port }) => `127.0.0.1:${String(port)}`),
    name: NAME,
  });
}

/**
 * Three masters with two replicas each, who take a master for dead after a second: with one the next master would be alone, and take nothing. Resolves when every
 * key has a home.
 */
export async function startCluster(runDir: RunDir): Promise<RedisTogether> {
  const settings = [...KEEP, '--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const members = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => startMember(runDir, settings, true)),
  );
  const addresses = members.map(({ port }) => `127.0.0.1:${String(port)}`);
  const maker = startProcess(runDir, {
    name: 'redis-cluster-create',
    command: 'redis-cli',
    args: ['--cluster', 'create', ...addresses, '--cluster-replicas', '2', '--cluster-yes'],
  });
  await maker.exited;
  const slot = await onServer(members[0]?.port ?? 0, (redis) => redis.cluster('KEYSLOT', '{sluice}'));
  const ownerPort = async (): Promise<number> => {
    for (const { port } of members) {
      const text = await onServer(port, async (redis) => String(await redis.call('CLUSTER', 'NODES'))).catch(
        () => '',
      );
      const owner = text.split('\n').find((line) => ownsSlot(line, slot));
      const found = /:(\d+)@/.exec(owner ?? '')?.[1];
      if (found !== undefined) return Number(found);
    }
    throw new Error('no node knows who has the journal');
  };
  for (const { port } of members)
    await waitUntil('the node is in the cluster', () =>
      onServer(port, async (redis) =>
        String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      ),
    );
  await waitUntil('replicas are in sync', async () =>
    onServer(await ownerPort(), async (redis) => inSync(await redis.info()) >= 1),
  );
  return together(members, ownerPort, [], { cluster: addresses });
}

function together(
  members: readonly RedisMember[],
  masterPort: () => Promise<number>,
  others: readonly RedisMember[],
  section: Readonly<Record<string, unknown>>,
): RedisTogether {
  const master = async (): Promise<RedisMember> => {
    const port = await masterPort();
    const found = members.find((member) => member.port === port);
    if (found === undefined) throw new Error(`nobody listens on ${String(port)}`);
    return found;
  };
  return {
    section,
    members,
    master,
    onMaster: async (work) => onServer((await master()).port, work),
    stop: async () => {
      await Promise.all([...others, ...members].map(({ process }) => process.stop()));
    },
  };
}

async function startMember(
  runDir: RunDir,
  settings: readonly string[],
  isNode = false,
): Promise<RedisMember> {
  const port = await freePort();
  const bus = isNode ? ['--cluster-port', String(await freePort())] : [];
  const folder = runDir.folder(`redis-${String(port)}`);
  const process = startProcess(runDir, {
    name: `redis-${String(port)}`,
    command: 'redis-server',
    args: [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--daemonize',
      'no',
      ...bus,
      ...settings,
    ],
  });
  await waitUntil('redis-server answers', () => answers(port));
  return { port, process };
}

async function startSentinel(runDir: RunDir, masterPort: number): Promise<RedisMember> {
  const port = await freePort();
  const folder = runDir.folder(`sentinel-${String(port)}`);
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `port ${String(port)}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${String(masterPort)} 2`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
      `sentinel parallel-syncs ${NAME} 2`,
      '',
    ].join('\n'),
  );
  const process = startProcess(runDir, {
    name: `sentinel-${String(port)}`,
    command: 'redis-server',
    args: [file, '--sentinel'],
  });
  await waitUntil('the sentinel answers', () => answers(port));
  return { port, process };
}

function answers(port: number): Promise<boolean> {
  return onServer(port, async (redis) => {
    await redis.ping();
    return true;
  }).catch(() => false);
}

async function onServer<T>(port: number, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    replyMapping: 'legacy',
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

function inSync(info: string): number {
  return [...info.matchAll(/^slave\d+:.*state=online/gm)].length;
}

function ownsSlot(line: string, slot: number): boolean {
  const [, , flags = '', , , , , ...ranges] = line.split(' ').slice(0);
  if (!flags.includes('master') || flags.includes('fail')) return false;
  return [...ranges].some((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return from !== undefined && to !== undefined && slot >= from && slot <= to;
  });
}

function pairs(list: readonly string[]): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < list.length; at += 2) found[list[at] ?? ''] = list[at + 1] ?? '';
  return found;
}
