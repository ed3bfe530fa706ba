import { beforeEach, expect, test } from '@jest/globals';
import { fail } from '../../src/core/result.ts';
import { waitUntil } from '../lab/process.ts';
import { Stage } from '../stage/stage.ts';

const LINE = '!depool maps1005 kartotherian-ssl';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
});

test('what nobody is at is taken over also while the queue does not answer', async () => {
  stage.workerAway = true;
  await stage.chat.say('elukey', 'elukey', LINE);
  await stage.settle();
  stage.queue.lose();
  stage.queue.awake = () => Promise.resolve(fail({ kind: 'store-unreachable', cause: 'the test says so' }));
  await stage.wait(4000);
  expect(stage.seen.filter((line) => line.startsWith('etcd '))).toEqual([]);
  await stage.wait(2000);
  const done = (): readonly string[] => stage.seen.filter((line) => line.includes(' k7f done in '));
  await waitUntil('it is done', () => done().length > 0);
  expect(done()).toHaveLength(1);
  expect(stage.seen.filter((line) => line.startsWith('etcd '))).toHaveLength(1);
});

test('a bug in one part of the sweep is logged, and keeps nothing from being said', async () => {
  stage.chat.goDown();
  await stage.chat.say('elukey', 'elukey', LINE);
  await stage.settle();
  const said = (): readonly string[] => stage.seen.filter((line) => line.includes(' k7f done in '));
  expect(said()).toEqual([]);
  const open = stage.store.open.bind(stage.store);
  stage.store.open = () => {
    throw new Error('a bug');
  };
  stage.chat.comeBack();
  await stage.sweep();
  stage.store.open = open;
  expect(said()).toHaveLength(1);
  expect(stage.bugs).toEqual([expect.stringContaining('a bug')]);
});
