import { waitUntil } from '../../lab/process.ts';
import type { World } from '../world.ts';
import { comeToRest, hostOf, MANY, pathOf } from '../world.ts';

/** What became of many commands at once. */
export interface Together {
  /** First line said -> all ended. */
  readonly ms: number;
  readonly asked: number;
  readonly done: number;
  /** Log lines seen. */
  readonly logged: number;
  /** Objects that have the value that was asked for, written so often. */
  readonly written: number;
}

const SLOWEST_MS = 120_000;

/** `count` commands from four people at the same moment, each about an object of its own. */
export async function commandsAtOnce(world: World, count: number, weight: number): Promise<Together> {
  const { people, redis, lab } = world;
  const ended = new Set<string>();
  let logged = 0;
  const indexes = await indexesOf(world, count);
  const stop = people[0]?.listen(({ text }) => {
    const [, id] = /^(\S+) (?:done in|failed|conflict|held|UNKNOWN)/.exec(text) ?? [];
    if (id !== undefined) ended.add(id);
    if (text.startsWith('!log ')) logged += 1;
  });
  const before = await redis.zcard('{sluice}:recent');
  const since = performance.now();
  for (let number = 0; number < count; number++)
    people[number % people.length]?.say(`!weight ${hostOf(number)} ${MANY} ${String(weight)}`);
  await waitUntil(
    `${String(count)} have ended`,
    async () =>
      (await redis.zcard('{sluice}:recent')) - before >= count && (await redis.zcard('{sluice}:open')) === 0,
    SLOWEST_MS,
  );
  const ms = performance.now() - since;
  await comeToRest(world);
  await waitUntil('all log lines are seen', () => logged >= count, SLOWEST_MS);
  stop?.();
  let written = 0;
  for (const [number, index] of (await indexesOf(world, count)).entries()) {
    const text = await lab.etcdValue(`/conftool/v1/${pathOf(number)}`);
    if (text?.includes(`"weight": ${String(weight)}`) === true && index > (indexes[number] ?? 0))
      written += 1;
  }
  return { ms, asked: count, done: ended.size, logged, written };
}

/** The same to the bare bot, through its queue. @returns milliseconds. */
export async function bareCommandsAtOnce({ people }: World, count: number, weight: number): Promise<number> {
  let done = 0;
  const stop = people[0]?.listen(({ text }) => {
    if (text.startsWith('bare-queue done')) done += 1;
  });
  const since = performance.now();
  for (let number = 0; number < count; number++)
    people[number % people.length]?.say(`bare-queue ${pathOf(number)} ${String(weight + number)}`);
  await waitUntil('all are done', () => done >= count, SLOWEST_MS);
  stop?.();
  return performance.now() - since;
}

async function indexesOf({ lab }: World, count: number): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const answer = await fetch(`${lab.etcd.url}/v2/keys/conftool/v1/${pathOf(number)}`);
      return ((await answer.json()) as { node: { modifiedIndex: number } }).node.modifiedIndex;
    }),
  );
}
