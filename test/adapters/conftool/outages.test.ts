import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NativeConftoolOptions } from '../../../src/adapters/conftool/native.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { putValue, startEtcd, startEtcdCluster } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { freePort, makeRunDir } from '../../lab/process.ts';
import { faultOf, nodeOf, valueOf } from './contract.ts';
import { openDriver } from './open-driver.ts';
import { ORIGIN } from '../../core/build.ts';

const YES = '{"weight": 10, "pooled": "yes"}';
const MAPS1 = { dc: 'eqiad', cluster: 'maps', service: 'tiles', host: 'maps1' };
const PATH = '/v2/keys/conftool/v1/pools/eqiad/maps/tiles/maps1';

let runDir: RunDir;
const opened: Conftool[] = [];

beforeAll(() => {
  runDir = makeRunDir();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((conftool) => conftool.close()));
});

afterAll(() => {
  runDir.remove();
});

function open(endpoints: readonly string[], options: Partial<NativeConftoolOptions> = {}): Conftool {
  const conftool = openDriver('', { endpoints, ...options });
  opened.push(conftool);
  return conftool;
}

describe('one etcd that goes away', () => {
  let etcd: LabEtcd;

  beforeAll(async () => {
    etcd = await startEtcd(runDir);
    await putValue(etcd.url + PATH, YES);
  });

  beforeEach(async () => {
    if ((await Promise.race([etcd.process.exited, Promise.resolve(undefined)])) !== undefined)
      await etcd.restart();
  });

  afterAll(() => etcd.process.stop());

  test('killed before a read, it cannot be reached', async () => {
    const conftool = open([etcd.url]);
    await nodeOf(conftool, MAPS1);
    await etcd.kill();
    const gone = { kind: 'conftool-unreachable', endpoints: [etcd.url], cause: 'ECONNREFUSED' };
    expect(faultOf(await conftool.pool(MAPS1))).toEqual(gone);
    expect(faultOf(await conftool.poolsOfService('tiles'))).toEqual(gone);
    expect(faultOf(await conftool.firstChangeAfter(MAPS1, 1))).toEqual(gone);
    expect(faultOf(await conftool.ping())).toEqual(gone);
  });

  test('killed before a write, the write was certainly not sent', async () => {
    const conftool = open([etcd.url]);
    const node = await nodeOf(conftool, MAPS1);
    await etcd.kill();
    expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toMatchObject({
      kind: 'conftool-unreachable',
    });
  });

  test('restarted, it is read and written again, and an index from before still holds', async () => {
    const conftool = open([etcd.url]);
    const node = await nodeOf(conftool, MAPS1);
    await etcd.kill();
    expect((await conftool.ping()).ok).toBe(false);
    await etcd.restart();
    expect(await nodeOf(conftool, MAPS1)).toEqual(node);
    const { text } = valueOf(await conftool.write(node, { weight: 20 }, ORIGIN));
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, node.modifiedIndex))).toMatchObject({
      kind: 'changed',
      text,
    });
  });

  test('frozen during a write, the write is unknown, and may be done later', async () => {
    const conftool = open([etcd.url], { writeTimeoutMs: 300 });
    const node = await nodeOf(conftool, MAPS1);
    etcd.process.freeze();
    const fault = faultOf(await conftool.write(node, { weight: 30 }, ORIGIN));
    etcd.process.signal('SIGCONT');
    expect(fault).toMatchObject({
      kind: 'write-unknown',
      key: MAPS1,
      cause: 'no answer in 300 ms',
      tries: 1,
    });
    // What had been sent is in the frozen server's hands: it carries it out, though nobody waits any more.
    expect(valueOf(await open([etcd.url]).firstChangeAfter(MAPS1, node.modifiedIndex))).toMatchObject({
      text: '{"weight": 30, "pooled": "yes"}',
    });
  });

  test('frozen during a read, it has no quorum for all that is known', async () => {
    const conftool = open([etcd.url], { readTimeoutMs: 200, eventTimeoutMs: 200 });
    const node = await nodeOf(conftool, MAPS1);
    etcd.process.freeze();
    const faults = [
      faultOf(await conftool.pool(MAPS1)),
      faultOf(await conftool.ping()),
      faultOf(await conftool.firstChangeAfter(MAPS1, node.modifiedIndex)),
    ];
    etcd.process.signal('SIGCONT');
    const silent = { kind: 'conftool-no-quorum', cause: 'no answer in 200 ms' };
    expect(faults).toEqual([silent, silent, silent]);
  });
});

describe('several endpoints', () => {
  let etcd: LabEtcd;
  let dead: string;

  beforeAll(async () => {
    etcd = await startEtcd(runDir);
    await putValue(etcd.url + PATH, YES);
    dead = `http://127.0.0.1:${String(await freePort())}`;
  });

  afterAll(() => etcd.process.stop());

  test('a dead first one is passed over, by reads and by writes', async () => {
    expect((await open([dead, etcd.url]).ping()).ok).toBe(true);
    const conftool = open([dead, etcd.url]);
    const node = await nodeOf(open([etcd.url]), MAPS1);
    expect((await conftool.write(node, { weight: 11 }, ORIGIN)).ok).toBe(true);
  });

  test('an unknown name and a wrong protocol are passed over', async () => {
    const wrong = etcd.url.replace('http:', 'https:');
    const conftool = open(['http://conf1007.invalid:4001', wrong, etcd.url]);
    const node = await nodeOf(conftool, MAPS1);
    expect((await conftool.write(node, { weight: 12 }, ORIGIN)).ok).toBe(true);
  });

  test('when all are dead all are named', async () => {
    const other = `http://127.0.0.1:${String(await freePort())}`;
    expect(faultOf(await open([dead, other]).ping())).toEqual({
      kind: 'conftool-unreachable',
      endpoints: [dead, other],
      cause: 'ECONNREFUSED',
    });
  });

  test('a frozen one is passed over by reads, and stays passed over', async () => {
    const frozen = await startEtcd(runDir);
    const conftool = open([frozen.url, etcd.url], { readTimeoutMs: 300 });
    await conftool.ping();
    frozen.process.freeze();
    const node = await nodeOf(conftool, MAPS1);
    // The frozen one would have left the write unknown: it went straight to the one that had answered.
    expect((await conftool.write(node, { weight: 13 }, ORIGIN)).ok).toBe(true);
    await frozen.process.stop();
  });

  test('a silent one tells more than a dead one', async () => {
    const frozen = await startEtcd(runDir);
    frozen.process.freeze();
    const conftool = open([frozen.url, dead], { readTimeoutMs: 200 });
    expect(faultOf(await conftool.ping())).toEqual({
      kind: 'conftool-no-quorum',
      cause: 'no answer in 200 ms',
    });
    await frozen.process.stop();
  });
});

describe('a cluster of three of which two are killed', () => {
  let members: readonly LabEtcd[] = [];

  beforeAll(async () => {
    members = await startEtcdCluster(runDir);
    await putValue((members[0]?.url ?? '') + PATH, YES);
  });

  afterAll(() => Promise.all(members.map((member) => member.process.stop())));

  test('has no quorum: reads say so, a write is unknown, and stays unknown in the answer of etcd itself', async () => {
    const urls = members.map(({ url }) => url);
    const conftool = open(urls, { readTimeoutMs: 700, writeTimeoutMs: 700 });
    const node = await nodeOf(conftool, MAPS1);
    await Promise.all(members.slice(1).map((member) => member.kill()));
    const answers = await Promise.all([
      conftool.pool(MAPS1),
      conftool.ping(),
      conftool.write(node, { pooled: 'no' }, ORIGIN),
    ]);
    expect(answers.map(faultOf)).toEqual([
      { kind: 'conftool-no-quorum', cause: 'no answer in 700 ms' },
      { kind: 'conftool-no-quorum', cause: 'no answer in 700 ms' },
      expect.objectContaining({ kind: 'write-unknown', key: MAPS1, cause: 'no answer in 700 ms' }),
    ]);
  });

  test('gives up by itself after a while, which is no quorum for a read and unknown for a write', async () => {
    const conftool = open([members[0]?.url ?? ''], { readTimeoutMs: 15_000, writeTimeoutMs: 15_000 });
    const node = { key: MAPS1, text: YES, modifiedIndex: 5, state: { pooled: 'yes', weight: 10 } } as const;
    const [read, write] = await Promise.all([
      conftool.pool(MAPS1),
      conftool.write(node, { pooled: 'no' }, ORIGIN),
    ]);
    const cause = 'Raft Internal Error: etcdserver: request timed out';
    expect(faultOf(read)).toEqual({ kind: 'conftool-no-quorum', cause });
    expect(faultOf(write)).toMatchObject({ kind: 'write-unknown', cause });
  });

  test('is read and written when one comes back', async () => {
    await members[1]?.restart();
    const conftool = open(members.map(({ url }) => url));
    const node = await nodeOf(conftool, MAPS1);
    expect((await conftool.write(node, { weight: 3 }, ORIGIN)).ok).toBe(true);
  });
});
