import { describe, expect, test } from '@jest/globals';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import { SharedVoice } from '../../src/app/voice.ts';
import type { Claim, Lease } from '../../src/ports/lease.ts';

const BOUNDS = { leaseMs: 8000, renewMs: 2000, marginMs: 2500 };
const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const AWAY: Result<Claim> = fail({ kind: 'store-unreachable', cause: 'gone' });
const held = (others: number, epoch = 1): Result<Claim> => ok({ kind: 'held', epoch, others });
const TAKEN: Result<Claim> = ok({ kind: 'other', holder: 'b' });

/** A voice whose lease answers as told, on a clock of its own. */
function stage(aloneAtFirst: boolean) {
  let now = 0;
  let answer: Result<Claim> = AWAY;
  let claims = 0;
  const released: string[] = [];
  const lease: Lease = {
    claim: () => {
      claims++;
      return Promise.resolve(answer);
    },
    release: (who) => {
      released.push(who);
      return Promise.resolve();
    },
  };
  const voice = new SharedVoice({
    lease,
    who: 'a',
    bounds: BOUNDS,
    monotonic: () => now,
    log: QUIET,
    aloneAtFirst,
  });
  const told: boolean[] = [];
  voice.follow((speaks) => told.push(speaks));
  return {
    voice,
    told,
    released,
    claims: () => claims,
    answers: (next: Result<Claim>) => {
      answer = next;
    },
    pass: async (ms: number): Promise<void> => {
      now += ms;
      await voice.tick();
    },
  };
}

describe('the voice among several', () => {
  test('nobody speaks before they have asked', async () => {
    const one = stage(true);
    expect(one.voice.speaks()).toBe(false);
    one.answers(TAKEN);
    await one.pass(0);
    expect(one.voice.speaks()).toBe(false);
    expect(one.told).toEqual([false]);
    expect(one.voice.holder()).toBe('b');
  });

  test('it is renewed before it ends, and not at every look', async () => {
    const one = stage(false);
    one.answers(held(1));
    for (let at = 0; at < 20; at++) await one.pass(500);
    expect(one.voice.speaks()).toBe(true);
    expect(one.told).toEqual([true]);
    expect(one.claims()).toBe(5);
  });

  test('whoever cannot renew it leaves before it ends, when somebody else is there to take it', async () => {
    const one = stage(false);
    one.answers(held(1));
    await one.pass(0);
    one.answers(AWAY);
    await one.pass(5400);
    expect(one.voice.speaks()).toBe(true);
    await one.pass(200);
    expect(one.voice.speaks()).toBe(false);
    expect(one.told).toEqual([true, false]);
  });

  test('a process that was frozen does not speak before it has looked', async () => {
    const one = stage(false);
    one.answers(held(1));
    await one.pass(0);
    one.answers(TAKEN);
    // No tick in between: the clock alone says that it is over.
    const looked = one.pass(60_000);
    expect(one.voice.speaks()).toBe(false);
    await looked;
    expect(one.told).toEqual([true, false, false]);
  });

  test('alone it goes on speaking while nobody can be asked', async () => {
    const one = stage(false);
    one.answers(held(0));
    await one.pass(0);
    one.answers(AWAY);
    await one.pass(3_600_000);
    expect(one.voice.speaks()).toBe(true);
    one.answers(TAKEN);
    await one.pass(2000);
    expect(one.voice.speaks()).toBe(false);
  });

  test('that nobody can be asked at the start: one process speaks, one of several waits', async () => {
    const [single, gateway] = [stage(true), stage(false)];
    await Promise.all([single.pass(0), gateway.pass(0)]);
    expect([single.voice.speaks(), gateway.voice.speaks()]).toEqual([true, false]);
    gateway.answers(held(1, 7));
    await gateway.pass(2000);
    expect(gateway.voice.speaks()).toBe(true);
    expect(gateway.voice.epoch()).toBe(7);
  });

  test('who ends gives it back, and says no more', async () => {
    const one = stage(false);
    one.answers(held(1));
    await one.pass(0);
    await one.voice.close();
    expect(one.voice.speaks()).toBe(false);
    expect(one.released).toEqual(['a']);
    await one.pass(10_000);
    expect(one.claims()).toBe(1);
  });
});
