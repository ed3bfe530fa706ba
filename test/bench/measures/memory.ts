import { waitUntil } from '../../lab/process.ts';
import type { LabProcess } from '../../lab/process.ts';
import type { World } from '../world.ts';
import { comeToRest, hostOf, MANY, usageOf } from '../world.ts';

/** No more are asked for while the log has so many lines to catch up with: a backlog is said slowly, on purpose. */
const BEHIND = 30;
/** So many are under way at any time. */
const AT_ONCE = 20;
const SETTLE_MS = 3000;
const LOOK_MS = 250;

/** The least that the process held in a few seconds of rest: what is above it is garbage that nobody has collected yet. @returns MiB. */
export async function restingMb(process: LabProcess): Promise<number> {
  let least = Infinity;
  for (let waited = 0; waited < SETTLE_MS; waited += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    least = Math.min(least, usageOf(process).rssMb);
  }
  return least;
}

/** Carries out so many operations, a few at a time. */
export async function operate(world: World, count: number): Promise<void> {
  const { people, redis } = world;
  const before = await redis.zcard('{sluice}:recent');
  let asked = 0;
  const deadline = count * 200;
  await waitUntil(
    `${String(count)} operations`,
    async () => {
      const [made, open, unsaid] = await Promise.all([
        redis.zcard('{sluice}:recent'),
        redis.zcard('{sluice}:open'),
        redis.llen('{sluice}:unsent'),
      ]);
      const unheard = asked - (made - before);
      for (let free = unsaid > BEHIND ? 0 : AT_ONCE - open - unheard; free > 0 && asked < count; free--) {
        people[asked % people.length]?.say(
          `!weight ${hostOf(asked % 200)} ${MANY} ${String(50 + (Math.floor(asked / 200) % 500))}`,
        );
        asked += 1;
      }
      return asked === count && unheard === 0 && open === 0;
    },
    deadline,
  );
  await comeToRest(world);
}
