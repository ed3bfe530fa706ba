import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { NativeConftoolOptions } from '../../../src/adapters/conftool/native.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { faultOf, nodeOf, valueOf } from './contract.ts';
import type { Gateway } from './gateway.ts';
import { openGateway } from './gateway.ts';
import { openDriver } from './open-driver.ts';
import { ORIGIN } from '../../core/build.ts';

const YES = '{"weight": 10, "pooled": "yes"}';
const MAPS1 = { dc: 'eqiad', cluster: 'maps', service: 'tiles', host: 'maps1' };
const KEY = '/v2/keys/conftool/v1/pools/eqiad/maps/tiles/maps1';

let runDir: RunDir;
let etcd: LabEtcd;
let gateway: Gateway;
const opened: Conftool[] = [];

beforeAll(async () => {
  runDir = makeRunDir();
  etcd = await startEtcd(runDir);
  gateway = await openGateway(etcd.url);
  await putValue(etcd.url + KEY, YES);
  await putValue(`${etcd.url}/v2/keys/conftool/v1/pools/codfw/maps/tiles/maps2`, YES);
  await putValue(`${etcd.url}/v2/keys/conftool/v1/pools/codfw/maps/other/maps2`, YES);
});

afterEach(async () => {
  gateway.conduct = () => 'pass';
  await putValue(etcd.url + KEY, YES);
  await Promise.all(opened.splice(0).map((conftool) => conftool.close()));
});

afterAll(async () => {
  await gateway.close();
  await etcd.process.stop();
  runDir.remove();
});

function open(options: Partial<NativeConftoolOptions> = {}): Conftool {
  const conftool = openDriver(gateway.url, options);
  opened.push(conftool);
  return conftool;
}

/** What was asked of etcd while `doing`. */
async function requestsOf(doing: () => Promise<unknown>): Promise<readonly string[]> {
  const before = gateway.seen.length;
  await doing();
  return gateway.seen.slice(before).sort();
}

describe('what is asked of etcd', () => {
  const QUERY = '?quorum=true&sorted=true&recursive=true';
  const ALL = `GET /v2/keys/conftool/v1/pools${QUERY}`;
  const OWN = [
    `GET /v2/keys/conftool/v1/pools/codfw/maps/tiles${QUERY}`,
    `GET /v2/keys/conftool/v1/pools/eqiad/maps/tiles${QUERY}`,
  ];

  test('the whole tree is read once, and then only the directories of the service', async () => {
    const conftool = open();
    expect(await requestsOf(() => conftool.poolsOfService('tiles'))).toEqual([ALL]);
    expect(await requestsOf(() => conftool.poolsOfService('tiles'))).toEqual(OWN);
  });

  test('a service that is not known is looked for in the whole tree each time', async () => {
    const conftool = open();
    await conftool.poolsOfService('tiles');
    expect(await requestsOf(() => conftool.poolsOfService('nobody'))).toEqual([ALL]);
    expect(await requestsOf(() => conftool.poolsOfService('nobody'))).toEqual([ALL]);
  });

  test('after 60 seconds the whole tree is read again', async () => {
    let now = 0;
    const conftool = open({ now: () => now });
    await conftool.poolsOfService('tiles');
    now = 59_999;
    expect(await requestsOf(() => conftool.poolsOfService('tiles'))).toEqual(OWN);
    now = 60_000;
    expect(await requestsOf(() => conftool.poolsOfService('tiles'))).toEqual([ALL]);
  });

  test('a write is one request', async () => {
    const conftool = open();
    const node = await nodeOf(conftool, MAPS1);
    expect(await requestsOf(() => conftool.write(node, { pooled: 'yes' }, ORIGIN))).toEqual([`PUT ${KEY}`]);
  });

  test('a write outside the scope is no request', async () => {
    const conftool = open({ scope: [{ cluster: 'web' }] });
    const node = await nodeOf(conftool, MAPS1);
    expect(await requestsOf(() => conftool.write(node, { pooled: 'no' }, ORIGIN))).toEqual([]);
  });

  test.each([
    { ...MAPS1, service: 'tiles/../../web/page' },
    { ...MAPS1, host: '..' },
    { ...MAPS1, host: '../../../web/page/web1' },
    { ...MAPS1, dc: '' },
    { ...MAPS1, dc: '.' },
  ])('the name %j leads nowhere: it is not written', async (key) => {
    const conftool = open();
    const node = { ...(await nodeOf(conftool, MAPS1)), key };
    expect(
      await requestsOf(async () => {
        expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toMatchObject({
          kind: 'outside-scope',
        });
      }),
    ).toEqual([]);
  });

  test('a pool whose name leads out of the tree is empty, and etcd is not asked', async () => {
    const conftool = open();
    const key = { dc: 'eqiad', cluster: 'maps', service: '../tiles' };
    expect(
      await requestsOf(async () => {
        expect(valueOf(await conftool.pool(key)).nodes).toEqual([]);
      }),
    ).toEqual([]);
  });

  test('names are encoded', async () => {
    const name = 'a b?c#d%41+é';
    await putValue(`${etcd.url}/v2/keys/odd/v1/pools/eqiad/maps/odd/${encodeURIComponent(name)}`, YES);
    const conftool = open({ namespace: '/odd' });
    const [pool] = valueOf(await conftool.poolsOfService('odd'));
    const node = pool?.nodes[0];
    expect(node?.key.host).toBe(name);
    if (node === undefined) return;
    const { modifiedIndex } = valueOf(await conftool.write(node, { pooled: 'no' }, ORIGIN));
    expect(await nodeOf(conftool, node.key)).toMatchObject({ modifiedIndex, state: { pooled: 'no' } });
  });
});

describe('waiting for a change through a gateway that hands on nothing before the event', () => {
  test('an object that is still at the index has not changed', async () => {
    const conftool = open();
    const { modifiedIndex } = await nodeOf(conftool, MAPS1);
    const first = await conftool.firstChangeAfter(MAPS1, modifiedIndex);
    expect(first).toEqual({ ok: true, value: { kind: 'none' } });
  });

  test('of an object that is not there nothing is known', async () => {
    const absent = { ...MAPS1, host: 'maps9' };
    expect(faultOf(await open().firstChangeAfter(absent, 1_000_000))).toEqual({
      kind: 'conftool-no-quorum',
      cause: 'no answer to a wait',
    });
  });

  test('a change is told at once', async () => {
    const conftool = open({ eventTimeoutMs: 10_000 });
    const node = await nodeOf(conftool, MAPS1);
    const { text } = valueOf(await conftool.write(node, { pooled: 'no' }, ORIGIN));
    const first = valueOf(await conftool.firstChangeAfter(MAPS1, node.modifiedIndex));
    expect(first).toMatchObject({ kind: 'changed', text });
  });
});

describe('a gateway that does not let writes through', () => {
  test.each([403, 405])(
    'a side that answers writes with %i is read-only, and can be read',
    async (status) => {
      gateway.conduct = (method) => (method === 'PUT' ? { status, body: '<html>denied</html>' } : 'pass');
      const conftool = open();
      const node = await nodeOf(conftool, MAPS1);
      expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toEqual({
        kind: 'conftool-read-only',
        endpoint: gateway.url,
      });
      expect((await nodeOf(conftool, MAPS1)).modifiedIndex).toBe(node.modifiedIndex);
    },
  );

  test('a gateway that wants a password is not taken for a read-only side', async () => {
    gateway.conduct = (method) => (method === 'PUT' ? { status: 401, body: '<html>who?</html>' } : 'pass');
    const conftool = open({ credentials: { username: 'pool-eqiad-maps', password: 'wrong' } });
    const node = await nodeOf(conftool, MAPS1);
    expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toEqual({
      kind: 'conftool-forbidden',
      user: 'pool-eqiad-maps',
      path: '/conftool/v1/pools/eqiad/maps/tiles/maps1',
    });
  });
});

describe('a write whose answer does not come', () => {
  test('a connection that ends after etcd has written leaves the write unknown', async () => {
    gateway.conduct = (method) => (method === 'PUT' ? 'cut-after' : 'pass');
    const conftool = open({ endpoints: [gateway.url, etcd.url] });
    const node = await nodeOf(conftool, MAPS1);
    expect(faultOf(await conftool.write(node, { weight: 11 }, ORIGIN))).toMatchObject({
      kind: 'write-unknown',
      key: MAPS1,
      cause: 'ECONNRESET',
      tries: 1,
    });
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, node.modifiedIndex))).toMatchObject({
      kind: 'changed',
      text: '{"weight": 11, "pooled": "yes"}',
    });
  });

  test('a connection that ends before is unknown too: nothing tells them apart, and no other endpoint is tried', async () => {
    gateway.conduct = (method) => (method === 'PUT' ? 'cut-before' : 'pass');
    const conftool = open({ endpoints: [gateway.url, etcd.url] });
    const node = await nodeOf(conftool, MAPS1);
    expect(faultOf(await conftool.write(node, { weight: 12 }, ORIGIN))).toMatchObject({
      kind: 'write-unknown',
    });
    expect((await nodeOf(conftool, MAPS1)).modifiedIndex).toBe(node.modifiedIndex);
  });

  test.each<[string, number, string]>([
    ['a gateway that lost its server', 502, '<html>Bad Gateway</html>'],
    ['a gateway that waited too long', 504, ''],
    ['a gateway that did not get all of it', 408, ''],
    ['a success that says nothing', 200, ''],
    [
      'a success of something else',
      200,
      '{"action":"get","node":{"key":"/x","value":"y","modifiedIndex":3}}',
    ],
    [
      'a proposal without a majority',
      500,
      '{"errorCode":300,"message":"Raft Internal Error","cause":"etcdserver: request timed out","index":7}',
    ],
    ['an election', 500, '{"errorCode":301,"message":"During Leader Election","index":7}'],
  ])('%s leaves the write unknown', async (_name, status, body) => {
    gateway.conduct = (method) => (method === 'PUT' ? { status, body } : 'pass');
    const conftool = open();
    const node = await nodeOf(conftool, MAPS1);
    expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toMatchObject({
      kind: 'write-unknown',
    });
  });
});

describe('a read that fails', () => {
  test('a kept connection that the server has ended is replaced without a word', async () => {
    const conftool = open();
    await nodeOf(conftool, MAPS1);
    let cuts = 1;
    gateway.conduct = () => (cuts-- > 0 ? 'cut-before' : 'pass');
    expect((await conftool.pool(MAPS1)).ok).toBe(true);
  });

  test('a connection that ends on each request is no connection', async () => {
    gateway.conduct = () => 'cut-before';
    expect(faultOf(await open().pool(MAPS1))).toEqual({
      kind: 'conftool-unreachable',
      endpoints: [gateway.url],
      cause: 'ECONNRESET',
    });
  });

  test.each<[string, number, string, unknown]>([
    [
      'a timeout of raft',
      500,
      '{"errorCode":300,"message":"Raft Internal Error","cause":"etcdserver: request timed out","index":7}',
      { kind: 'conftool-no-quorum', cause: 'Raft Internal Error: etcdserver: request timed out' },
    ],
    ['plain 404', 404, '404 page not found\n', { kind: 'conftool-no-v2' }],
    [
      'a gateway that lost its server',
      502,
      '<html>Bad</html>',
      { kind: 'conftool-unexpected', status: 502, text: '<html>Bad</html>' },
    ],
    ['nothing', 200, '', { kind: 'conftool-unexpected', status: 200, text: '' }],
    ['half of an answer', 200, '{"action":"get","no', { kind: 'conftool-unexpected', status: 200 }],
    ['null', 200, 'null', { kind: 'conftool-unexpected', status: 200, text: 'null' }],
    [
      'an error that is not known',
      400,
      '{"errorCode":209,"message":"Invalid field","cause":"invalid value for \\"recursive\\"","index":0}',
      { kind: 'conftool-unexpected', status: 400, text: '209 Invalid field: invalid value for "recursive"' },
    ],
  ])('%s is told for what it is', async (_name, status, body, fault) => {
    gateway.conduct = () => ({ status, body });
    const conftool = open();
    expect(faultOf(await conftool.pool(MAPS1))).toMatchObject(fault as object);
    expect(faultOf(await conftool.poolsOfService('tiles'))).toMatchObject(fault as object);
    expect(faultOf(await conftool.ping())).toMatchObject(fault as object);
    expect(faultOf(await conftool.firstChangeAfter(MAPS1, 1))).toMatchObject(fault as object);
  });
});
