import { beforeEach, describe, expect, test } from '@jest/globals';
import type { StoredNode } from '../../src/core/node.ts';
import { FakeConftool } from './fake-conftool.ts';

const PATH = 'eqiad/maps/tiles/maps1';
const YES = '{"weight": 10, "pooled": "yes"}';
const NO = '{"weight": 10, "pooled": "no"}';

let conftool: FakeConftool;
let node: StoredNode;

beforeEach(async () => {
  conftool = new FakeConftool([{ cluster: 'maps' }]);
  conftool.set(PATH, YES);
  const pool = await conftool.pool({ dc: 'eqiad', cluster: 'maps', service: 'tiles' });
  const [found] = pool.ok ? pool.value.nodes : [];
  if (found === undefined) throw new Error('the node is not there');
  node = found;
});

describe('an answer that is lost', () => {
  test('of a write that was done leaves it unknown and done', async () => {
    conftool.loseNextAnswer({ applied: true });
    expect(await conftool.write(node, { pooled: 'no' })).toMatchObject({ fault: { kind: 'write-unknown' } });
    expect(conftool.text(PATH)).toBe(NO);
  });

  test('of a write that was not done leaves it unknown and not done', async () => {
    conftool.loseNextAnswer({ applied: false });
    expect(await conftool.write(node, { pooled: 'no' })).toMatchObject({ fault: { kind: 'write-unknown' } });
    expect(conftool.text(PATH)).toBe(YES);
  });

  test('is lost as well when it would have been a refusal', async () => {
    conftool.loseNextAnswer({ applied: true });
    conftool.set(PATH, NO);
    expect(await conftool.write(node, { weight: 5 })).toMatchObject({ fault: { kind: 'write-unknown' } });
    expect(conftool.text(PATH)).toBe(NO);
  });

  test('is followed by answers', async () => {
    conftool.loseNextAnswer({ applied: false });
    await conftool.write(node, { pooled: 'no' });
    expect((await conftool.write(node, { pooled: 'no' })).ok).toBe(true);
  });
});

test('somebody who writes directly before a write is not overwritten', async () => {
  conftool.beforeWrite = () => {
    conftool.set(PATH, NO);
  };
  expect(await conftool.write(node, { weight: 5 })).toMatchObject({ fault: { kind: 'compare-failed' } });
  expect(conftool.text(PATH)).toBe(NO);
});

test('a side that denies writes can be read, and one that is down cannot', async () => {
  conftool.writeFault = { kind: 'conftool-read-only', endpoint: 'http://etcd' };
  expect(await conftool.write(node, { weight: 5 })).toEqual({ ok: false, fault: conftool.writeFault });
  expect((await conftool.ping()).ok).toBe(true);
  conftool.outage = { kind: 'conftool-unreachable', endpoints: ['http://etcd'], cause: 'ECONNREFUSED' };
  const down = { ok: false, fault: conftool.outage };
  expect(await conftool.poolsOfService('tiles')).toEqual(down);
  expect(await conftool.pool(node.key)).toEqual(down);
  expect(await conftool.firstChangeAfter(node.key, 0)).toEqual(down);
  expect(await conftool.write(node, { weight: 5 })).toEqual(down);
});
