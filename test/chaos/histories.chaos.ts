import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countOf, findProblems } from './check.ts';
import type { Evidence } from './evidence.ts';
import { planHistory, planLives } from './plan-history.ts';
import { chanceOf } from './random.ts';
import { World } from './world.ts';

/** Histories that are played under the same lives of Sluice: most of the time goes into starting it and into taking over. */
const SIDE_BY_SIDE = 4;
const COUNT = Number(process.env['HISTORIES'] ?? 500);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const LONGEST_MS = 20 * 60_000;
/** A round that has begun when the time is over is played to its end. */
const LAST_ROUND_MS = 3 * 60_000;

/** Real Sluice, Redis, etcd and IRC; people who ask and approve, a human who writes to etcd, and a Sluice that is killed and frozen at random. */
describe(`random kills, again with SEED=${String(SEED)}`, () => {
  let world: World;

  beforeAll(async () => {
    process.stderr.write(`chaos: ${String(COUNT)} histories or 20 minutes, SEED=${String(SEED)}\n`);
    world = await World.open();
  });
  afterAll(() => world.close());

  /** The histories of a round depend on the seed and their numbers alone. */
  const play = (first: number): Promise<readonly Evidence[]> => {
    const histories = Array.from({ length: Math.min(SIDE_BY_SIDE, COUNT - first) }, (_, index) =>
      planHistory(chanceOf(SEED + first + index), first + index),
    );
    return world.play(histories, planLives(chanceOf(SEED - first / SIDE_BY_SIDE - 1)));
  };

  test(
    'nothing lost, nothing twice, nobody written over',
    async () => {
      const until = Date.now() + LONGEST_MS;
      const played: Evidence[] = [];
      while (played.length < COUNT && Date.now() < until) {
        const round = await play(played.length);
        played.push(...round);
        if (played.length % 20 === 0) tell(played);
        expect(round.flatMap(findProblems)).toEqual([]);
      }
      tell(played);
      const counts = countOf(played);
      expect(counts['histories']).toBe(played.length);
      expect(counts['operations']).toBeGreaterThan(0);
      expect(counts['writes']).toBeGreaterThan(0);
    },
    LONGEST_MS + LAST_ROUND_MS,
  );

  function tell(played: readonly Evidence[]): void {
    process.stderr.write(`chaos: ${JSON.stringify({ SEED, ...countOf(played) })}\n`);
  }
});
