import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countOf, findProblems } from './check.ts';
import type { Evidence } from './evidence.ts';
import { planHistory, planLives } from './plan-history.ts';
import { chanceOf } from './random.ts';
import { World } from './world.ts';

/** Histories that are played under the same lives of Sluice: most of the time goes into starting it and into taking over. */
const SIDE_BY_SIDE = 4;
const COUNT = Number(process.env['SLUICE_CHAOS_HISTORIES'] ?? 60);
const SEED = Number(process.env['SLUICE_CHAOS_SEED'] ?? Date.now() % 1_000_000);

process.stderr.write(`chaos: ${String(COUNT)} histories, again with SLUICE_CHAOS_SEED=${String(SEED)}\n`);

/** Real Sluice, Redis, etcd and IRC; people who ask and approve, a human who writes to etcd, and a Sluice that is killed and frozen at random. */
describe(`random kills, seed ${String(SEED)}`, () => {
  let world: World;
  const rounds = new Map<number, Promise<readonly Evidence[]>>();

  beforeAll(async () => {
    world = await World.open();
  });
  afterAll(() => world.close());

  const round = (number: number): Promise<readonly Evidence[]> => {
    const played = rounds.get(number) ?? playRound(number);
    rounds.set(number, played);
    return played;
  };

  async function playRound(number: number): Promise<readonly Evidence[]> {
    const first = number * SIDE_BY_SIDE;
    const histories = Array.from({ length: Math.min(SIDE_BY_SIDE, COUNT - first) }, (_, index) =>
      planHistory(chanceOf(SEED + first + index), first + index),
    );
    return world.play(histories, planLives(chanceOf(SEED - number - 1)));
  }

  test.each(Array.from({ length: COUNT }, (_, number) => number))(
    'history %i: nothing lost, nothing twice, nobody written over',
    async (number) => {
      const evidence = (await round(Math.floor(number / SIDE_BY_SIDE)))[number % SIDE_BY_SIDE];
      expect(evidence).toBeDefined();
      expect(evidence === undefined ? [] : findProblems(evidence)).toEqual([]);
    },
  );

  test('all of them together: people were heard, production was written', async () => {
    const counts = countOf((await Promise.all(rounds.values())).flat());
    process.stderr.write(`chaos: ${JSON.stringify(counts)}\n`);
    expect(counts['histories']).toBe(COUNT);
    expect(counts['operations']).toBeGreaterThan(0);
    expect(counts['writes']).toBeGreaterThan(0);
  });
});
