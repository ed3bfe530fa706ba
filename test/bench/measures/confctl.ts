import { runConfctl } from '../../lab/confctl.ts';
import type { World } from '../world.ts';
import { hostOf, MANY } from '../world.ts';

/** The real confctl sets one object. @returns milliseconds. */
export async function confctlOnce({ lab }: World, number: number, weight: number): Promise<number> {
  const host = `${hostOf(number)}.eqiad.wmnet`;
  return timed(lab.etcd.url, ['select', `name=${host},service=${MANY}`, `set/weight=${String(weight)}`]);
}

/** The real confctl sets all objects of the bench by one regular expression. @returns milliseconds. */
export async function confctlRegex({ lab }: World, weight: number): Promise<number> {
  return timed(lab.etcd.url, ['select', `name=bench1.*,service=${MANY}`, `set/weight=${String(weight)}`]);
}

async function timed(url: string, args: readonly string[]): Promise<number> {
  const since = performance.now();
  // It asks whether many are meant.
  const { code, stderr } = await runConfctl(url, args, { stdin: 'y\n' });
  if (code !== 0) throw new Error(`confctl ${args.join(' ')}: ${stderr}`);
  return performance.now() - since;
}
