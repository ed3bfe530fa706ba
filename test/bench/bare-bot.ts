// The floor: a bot without plan, approval, journal, audit log or story. It hears a line, reads and writes etcd and Redis as anybody must, and answers.
// `bare-bot.ts IRC-PORT ETCD-URL REDIS-URL CHANNEL`; it is told `KIND PATH NUMBER`.
import { Agent, request } from 'node:http';
import process from 'node:process';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { connectIrc } from '../lab/irc-client.ts';

const [port = '', etcdUrl = '', redisUrl = '', channel = ''] = process.argv.slice(2);
const AT_ONCE = 8;
const agent = new Agent({ keepAlive: true, noDelay: true });
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });

interface Answer {
  readonly node: { readonly value: string; readonly modifiedIndex: number };
}

function send(method: string, path: string, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(`${etcdUrl}/v2/keys/conftool/v1/${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as Answer);
        else reject(new Error(`${method} ${path}: ${String(response.statusCode)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const read = (path: string): Promise<Answer> => send('GET', `${path}?quorum=true`);
const note = (number: string): Promise<unknown> => redis.set(`bare:${number}`, 'x'.repeat(200));

async function write(path: string, number: string, known: Answer): Promise<void> {
  const value = `{"weight": ${number}, "pooled": "yes"}`;
  const { node } = await send(
    'PUT',
    `${path}?prevIndex=${String(known.node.modifiedIndex)}`,
    new URLSearchParams({ value }).toString(),
  );
  const back = await read(path);
  if (back.node.modifiedIndex !== node.modifiedIndex) throw new Error('not what was written');
  await note(number);
}

const irc = await connectIrc({ port: Number(port), nick: 'bare' });
await irc.join(channel);
const queue = new Queue('bare', { connection: redis });
const worker = new Worker<{ path: string; number: string }>(
  'bare',
  async ({ data: { path, number } }) => {
    await write(path, number, await read(path));
    irc.say(channel, `bare-queue done ${number}`);
  },
  { connection: redis.duplicate(), concurrency: AT_ONCE },
);
await worker.waitUntilReady();

const ACTS: Readonly<Record<string, (path: string, number: string) => Promise<string | undefined>>> = {
  'bare-answer': async (path, number) => {
    await read(path);
    await note(number);
    return `bare-answer done ${number}`;
  },
  'bare-write': async (path, number) => {
    const known = await read(path);
    const since = performance.now();
    await write(path, number, known);
    return `bare-write done ${number} in ${String(performance.now() - since)}`;
  },
  'bare-queue': async (path, number) => {
    await queue.add('write', { path, number }, { removeOnComplete: true });
    return undefined;
  },
};

irc.listen(({ text }) => {
  const [kind = '', path = '', number = ''] = text.split(' ');
  if (path === 'done') return;
  ACTS[kind]?.(path, number).then(
    (answer) => {
      if (answer !== undefined) irc.say(channel, answer);
    },
    (error: unknown) => {
      irc.say(channel, `bare failed: ${String(error)}`);
    },
  );
});
irc.say(channel, 'bare is here');
