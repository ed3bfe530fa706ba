import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NodeState } from '../../../src/core/node.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import { ensureConfctl, runConfctl, runConftoolSync } from '../../lab/confctl.ts';
import { seedObjects } from '../../lab/conftool-data.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { putValue, startEtcd } from '../../lab/etcd.ts';
import { readEtcdValue } from '../../lab/etcd-read.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { nodeOf, valueOf } from './contract.ts';
import { openDriver } from './open-driver.ts';
import { ORIGIN } from '../../core/build.ts';

let runDir: RunDir;
let etcd: LabEtcd;
let conftool: Conftool;

beforeAll(async () => {
  runDir = makeRunDir();
  [etcd] = await Promise.all([startEtcd(runDir), ensureConfctl()]);
  conftool = openDriver(etcd.url);
}, 180_000);

afterAll(async () => {
  await conftool.close();
  await etcd.process.stop();
  runDir.remove();
});

/** What stands in the store, what is asked of both, and what confctl is told to type. */
const CASES: readonly [string, string, Partial<NodeState>, string][] = [
  ['pools', '{"weight": 10, "pooled": "no"}', { pooled: 'yes' }, 'set/pooled=yes'],
  ['depools', '{"weight": 10, "pooled": "yes"}', { pooled: 'no' }, 'set/pooled=no'],
  ['takes out', '{"weight": 10, "pooled": "no"}', { pooled: 'inactive' }, 'set/pooled=inactive'],
  ['weighs', '{"weight": 10, "pooled": "yes"}', { weight: 65535 }, 'set/weight=65535'],
  [
    'brings in a new one',
    '{"weight": 0, "pooled": "inactive"}',
    { pooled: 'no', weight: 1 },
    'set/pooled=no:weight=1',
  ],
  ['keeps another order', '{"note":"x","pooled":"yes","weight":3}', { weight: 7 }, 'set/weight=7'],
  ['adds a weight that is missing', '{"pooled": "no"}', { pooled: 'yes' }, 'set/pooled=yes'],
  ['adds a state that is missing', '{"x": 1, "weight": 3}', { weight: 4 }, 'set/weight=4'],
  [
    'escapes what is not ASCII',
    '{"by": "Jos\u00e9 \u20ac \ud83d\ude00 \u007f", "pooled": "yes", "weight": 3}',
    { pooled: 'no' },
    'set/pooled=no',
  ],
  [
    'keeps numbers as they are, and keys that look like numbers where they are',
    '{"2": 12345678901234567890123, "1": [1.0, 1e16, 0.00001, -0, -0.0], "pooled": "yes", "weight": 3}',
    { pooled: 'no' },
    'set/pooled=no',
  ],
  [
    'keeps what is nested, and the last of two equal keys',
    '{"pooled":"no","a":{"10":null,"9":{"b":[true,false,"\\u00E9\\/"]}},"pooled":"yes","weight":3}',
    { weight: 0 },
    'set/weight=0',
  ],
];

describe('the native driver leaves the bytes that confctl 6.1.0 leaves', () => {
  test.each(CASES)('it %s: %s', async (_does, text, set, action) => {
    const [ours, theirs] = ['ours', 'theirs'].map((host) => ({
      dc: 'eqiad',
      cluster: 'maps',
      service: 'tiles',
      host,
    }));
    if (ours === undefined || theirs === undefined) return;
    const path = (host: string): string => `/conftool/v1/pools/eqiad/maps/tiles/${host}`;
    for (const { host } of [ours, theirs]) await putValue(`${etcd.url}/v2/keys${path(host)}`, text);
    const tags = 'dc=eqiad,cluster=maps,service=tiles';
    const ran = await runConfctl(etcd.url, ['tags', tags, '--action', action, theirs.host]);
    expect(ran).toMatchObject({ code: 0 });
    const written = valueOf(await conftool.write(await nodeOf(conftool, ours), set, ORIGIN));
    expect(written.text).toBe(await readEtcdValue(etcd.url, path(theirs.host)));
    expect(await nodeOf(conftool, ours)).toMatchObject(written);
    expect((await nodeOf(conftool, theirs)).state).toEqual((await nodeOf(conftool, ours)).state);
  });
});

test('neither confctl nor the native driver takes an empty object for a node', async () => {
  const key = { dc: 'eqiad', cluster: 'maps', service: 'empty' };
  await putValue(`${etcd.url}/v2/keys/conftool/v1/pools/eqiad/maps/empty/maps1`, '{}');
  const tags = 'dc=eqiad,cluster=maps,service=empty';
  const ran = await runConfctl(etcd.url, ['tags', tags, '--action', 'set/weight=4', 'maps1']);
  expect(ran.stderr).toContain("Entity maps1 doesn't exist");
  expect(valueOf(await conftool.pool(key))).toMatchObject({ nodes: [], malformed: [{ text: '{}' }] });
});

describe('confctl and the native driver beside each other', () => {
  const KEY = { dc: 'eqiad', cluster: 'maps', service: 'shared', host: 'maps1' };
  const PATH = '/conftool/v1/pools/eqiad/maps/shared/maps1';
  const TAGS = 'dc=eqiad,cluster=maps,service=shared';

  test('a write of confctl makes what was read before stale, and is the first change', async () => {
    await putValue(`${etcd.url}/v2/keys${PATH}`, '{"weight": 10, "pooled": "yes"}');
    const shown = await nodeOf(conftool, KEY);
    await runConfctl(etcd.url, ['tags', TAGS, '--action', 'set/pooled=no', KEY.host]);
    expect(await conftool.write(shown, { weight: 5 }, ORIGIN)).toMatchObject({
      fault: { kind: 'compare-failed' },
    });
    expect(valueOf(await conftool.firstChangeAfter(KEY, shown.modifiedIndex))).toMatchObject({
      kind: 'changed',
      text: '{"weight": 10, "pooled": "no"}',
    });
  });

  test('confctl reads what was written, and names the one who acted', async () => {
    const node = await nodeOf(conftool, KEY);
    valueOf(await conftool.write(node, { pooled: 'yes', weight: 3 }, ORIGIN));
    const { stdout } = await runConfctl(etcd.url, ['select', `${TAGS},name=maps1`, 'get']);
    expect(JSON.parse(stdout)).toEqual({ maps1: { weight: 3, pooled: 'yes' }, tags: TAGS });
    const set = ['select', `${TAGS},name=maps1`, 'set/weight=4'];
    const { stdout: said, stderr } = await runConfctl(etcd.url, set, { actor: 'elukey' });
    expect(said).toContain('weight changed 3 => 4');
    expect(stderr).toContain('"user.name": "elukey"');
  });

  test('confctl asks before it changes two objects, and takes the answer from stdin', async () => {
    await putValue(`${etcd.url}/v2/keys${PATH.replace('maps1', 'maps2')}`, '{"weight": 3, "pooled": "yes"}');
    const set = ['select', TAGS, 'set/weight=9'];
    expect((await runConfctl(etcd.url, set, { stdin: 'n\n' })).code).toBe(1);
    expect((await nodeOf(conftool, KEY)).state.weight).toBe(4);
    expect((await runConfctl(etcd.url, set, { stdin: 'y\n' })).code).toBe(0);
    expect((await nodeOf(conftool, KEY)).state.weight).toBe(9);
  });
});

test('conftool-sync makes the objects that the lab starts from, with the text of a new object', async () => {
  const other = await startEtcd(runDir);
  const driver = openDriver(other.url);
  try {
    expect(await runConftoolSync(other.url)).toMatchObject({ code: 0 });
    const response = await fetch(`${other.url}/v2/keys/conftool/v1?recursive=true&sorted=true`);
    const made = leavesOf(((await response.json()) as { node: Leaf }).node);
    expect([...made.keys()].sort()).toEqual(
      seedObjects()
        .map(({ path }) => path)
        .sort(),
    );
    expect(new Set([...made].filter(([path]) => path.startsWith('pools/')).map(([, text]) => text))).toEqual(
      new Set(['{"weight": 0, "pooled": "inactive"}']),
    );
    const pools = valueOf(await driver.allPools());
    expect(pools.flatMap(({ nodes }) => nodes)).toHaveLength(1052);
    expect(pools.flatMap(({ malformed }) => malformed)).toEqual([]);
  } finally {
    await driver.close();
    await other.process.stop();
  }
});

interface Leaf {
  readonly key: string;
  readonly value?: string;
  readonly nodes?: readonly Leaf[];
}

/** `pools/eqiad/...` -> text. */
function leavesOf({ key, value, nodes }: Leaf): ReadonlyMap<string, string> {
  if (value !== undefined) return new Map([[key.slice('/conftool/v1/'.length), value]]);
  return new Map((nodes ?? []).flatMap((node) => [...leavesOf(node)]));
}
