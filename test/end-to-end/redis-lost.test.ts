import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { RedisTogether } from '../lab/redis-together.ts';
import { startSentinels } from '../lab/redis-together.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import { talker } from './conversation.ts';

const SETTLED_MS = 120_000;
const LINE = '!depool maps1005 kartotherian-ssl';
const PATH = 'pools/eqiad/maps/kartotherian-ssl/maps1005.eqiad.wmnet';

let lab: Lab;
let redis: RedisTogether;
let events: EtcdEvents;
let sluice: SluiceProcess;

beforeAll(async () => {
  lab = await startLab();
  [redis, events] = await Promise.all([startSentinels(lab.runDir), followEtcd(lab.etcd.url)]);
  sluice = lab.startSluice({ configFile: lab.configWith('together', { redis: redis.section }) });
  await sluice.ready;
});

afterAll(async () => {
  events.close();
  await sluice.process.stop();
  await redis.stop();
  await lab.stop();
});

/** Makes a server follow the one at that port, or nobody. */
async function follow(port: number, master: number | undefined): Promise<void> {
  const client = new Redis({ port, host: '127.0.0.1' });
  try {
    await (master === undefined ? client.replicaof('NO', 'ONE') : client.replicaof('127.0.0.1', master));
  } finally {
    client.disconnect();
  }
}

test('what only a server had that is replaced is told as lost, nothing of it is written, and said again it is done', async () => {
  const elukey = await talker(lab, 'elukey');
  const master = await redis.master();
  const replicas = redis.members.filter(({ port }) => port !== master.port);
  // As when a sentinel makes a second master: nobody follows the first any more, and it does not know yet. Without a replica no intent counts.
  await redis.onMaster((client) => client.config('SET', 'min-replicas-to-write', '0'));
  await Promise.all(replicas.map(({ port }) => follow(port, undefined)));
  const since = elukey.irc.lines.length;
  const { text } = await elukey.ask(LINE, / needs no approval/);
  const [, id = ''] = /^elukey: (\S+) needs/.exec(text) ?? [];
  master.process.freeze();
  await Promise.all(replicas.map(({ port }) => follow(port, master.port)));
  await waitUntil(
    'another server has the journal',
    async () => (await redis.master().catch(() => master)).port !== master.port,
    SETTLED_MS,
  );
  const lost = await elukey.irc.waitFor(/ is LOST/, SETTLED_MS, { since });
  expect(lost.text).toBe(
    `elukey: ${id} is LOST: the Redis server that had it is gone, and what took over never had it. It will not be carried out any further. As last heard of it was queued, and nothing was changed. Say it again if you mean it: ${LINE}`,
  );
  expect(events.of(PATH)).toHaveLength(0);
  master.process.signal('SIGCONT');
  await waitUntil(
    'it is done',
    async () => {
      const answer = await elukey.ask(LINE, / done in |nothing was queued/);
      return answer.text.includes(' done in ');
    },
    SETTLED_MS,
  );
  expect(events.of(PATH)).toHaveLength(1);
  const told = elukey.irc.lines.slice(since).filter((line) => line.text.includes(' is LOST'));
  expect(told).toHaveLength(1);
}, 300_000);
