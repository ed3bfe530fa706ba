import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Mirror } from '../../../src/adapters/conftool/mirror.ts';
import { fail } from '../../../src/core/result.ts';
import { parseStoredNode } from '../../../src/core/stored-value.ts';
import type { Pool, StoredNode } from '../../../src/core/node.ts';
import type { Conftool, Watch } from '../../../src/ports/conftool.ts';
import { ORIGIN } from '../../core/build.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { deleteKey, putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import { valueOf } from './contract.ts';
import type { Gateway } from './gateway.ts';
import { openGateway } from './gateway.ts';
import { openDriver } from './open-driver.ts';

const PLACE = { dc: 'eqiad', cluster: 'maps', service: 'tiles' };
const PATH = '/conftool/v1/pools/eqiad/maps/tiles';

const text = (weight: number): string => `{"weight": ${String(weight)}, "pooled": "yes"}`;

function node(host: string, weight: number, index: number): StoredNode {
  const read = parseStoredNode({ ...PLACE, host }, text(weight), index);
  if (!('state' in read)) throw new Error(read.why);
  return read;
}

/** `maps1=10@3`. */
function shown(pool: Pool | undefined): readonly string[] | undefined {
  return pool?.nodes.map(
    ({ key, state, modifiedIndex }) => `${key.host}=${String(state.weight)}@${String(modifiedIndex)}`,
  );
}

describe('what is remembered', () => {
  let mirror: Mirror;

  beforeEach(() => {
    mirror = new Mirror();
    mirror.begin(5);
    mirror.keep(PATH, { ...PLACE, nodes: [node('maps1', 10, 3), node('maps2', 10, 4)], malformed: [] }, 5);
  });

  test('follows each change of a value', () => {
    mirror.apply(PATH, 'maps2', text(7), 6);
    expect(shown(mirror.find(PATH))).toEqual(['maps1=10@3', 'maps2=7@6']);
    expect(mirror.index).toBe(6);
  });

  test('another pool changes nothing but the index', () => {
    const before = mirror.find(PATH);
    mirror.apply('/conftool/v1/pools/eqiad/maps/other', 'maps1', text(7), 9);
    expect(mirror.find(PATH)).toBe(before);
    expect(mirror.index).toBe(9);
  });

  test.each<[string, string, string | undefined]>([
    ['an object is gone', 'maps1', undefined],
    ['there is a new one', 'maps3', text(1)],
    ['a value cannot be read', 'maps1', 'nonsense'],
  ])('when %s, the pool must be read anew', (_what, host, value) => {
    mirror.apply(PATH, host, value, 6);
    expect(mirror.find(PATH)).toBeUndefined();
  });

  test('when something happened to a directory, everything must', () => {
    mirror.apply('/conftool/v1/pools/eqiad/maps', undefined, undefined, 6);
    expect(mirror.index).toBeUndefined();
    expect(mirror.find(PATH)).toBeUndefined();
  });

  test('a write of our own that is the next event is known before that comes', () => {
    mirror.wrote(PATH, 'maps2', text(7), 6);
    expect(shown(mirror.find(PATH))).toEqual(['maps1=10@3', 'maps2=7@6']);
    mirror.apply(PATH, 'maps2', text(7), 6);
    expect(mirror.index).toBe(6);
    expect(shown(mirror.find(PATH))).toEqual(['maps1=10@3', 'maps2=7@6']);
  });

  test('one that is not the next event waits for those before it', () => {
    mirror.wrote(PATH, 'maps2', text(7), 7);
    expect(mirror.index).toBe(5);
    expect(shown(mirror.find(PATH))).toEqual(['maps1=10@3', 'maps2=10@4']);
  });

  test('an event that is older than what was read is in it already', () => {
    mirror.keep(PATH, { ...PLACE, nodes: [node('maps1', 8, 8)], malformed: [] }, 8);
    mirror.apply(PATH, 'maps1', text(9), 7);
    expect(shown(mirror.find(PATH))).toEqual(['maps1=8@8']);
  });

  test('what was read before an event that was seen is not kept', () => {
    mirror.lose();
    mirror.begin(5);
    mirror.apply(PATH, 'maps1', text(9), 7);
    mirror.keep(PATH, { ...PLACE, nodes: [node('maps1', 10, 3)], malformed: [] }, 6);
    expect(mirror.find(PATH)).toBeUndefined();
  });

  test('nothing is kept while nobody watches', () => {
    mirror.lose();
    mirror.keep(PATH, { ...PLACE, nodes: [], malformed: [] }, 9);
    expect(mirror.find(PATH)).toBeUndefined();
  });
});

describe('beside a real etcd', () => {
  let runDir: RunDir;
  let etcd: LabEtcd;
  let gateway: Gateway;
  let conftool: Conftool;
  let watch: Watch;

  beforeEach(async () => {
    runDir = makeRunDir();
    etcd = await startEtcd(runDir);
    gateway = await openGateway(etcd.url);
    for (const host of ['maps1', 'maps2', 'maps3']) await put(host, 10);
    conftool = openDriver(gateway.url);
    watch = conftool.watch(() => undefined);
    await waitUntil('it watches', () => gateway.seen.some((request) => request.includes('wait=true')));
    // The first learns where the service is, the second what its pools are.
    await weights();
    await weights();
    gateway.seen.length = 0;
  });

  afterEach(async () => {
    watch.close();
    await conftool.close();
    await gateway.close();
    await etcd.process.stop();
    runDir.remove();
  });

  function put(host: string, weight: number): Promise<void> {
    return putValue(`${etcd.url}/v2/keys${PATH}/${host}`, text(weight));
  }

  async function weights(): Promise<readonly number[]> {
    const [pool] = valueOf(await conftool.poolsOfService('tiles'));
    return (pool?.nodes ?? []).map(({ state }) => state.weight);
  }

  /** Reads of whole directories, and of single objects by quorum. */
  function asked(): { readonly whole: number; readonly single: number } {
    const whole = gateway.seen.filter((request) => request.includes('sorted=true&recursive=true')).length;
    const single = gateway.seen.filter((request) => /\/maps\d\?.*quorum=true/.test(request)).length;
    return { whole, single };
  }

  test('what nobody has changed is one small read', async () => {
    expect(await weights()).toEqual([10, 10, 10]);
    expect(asked()).toEqual({ whole: 0, single: 1 });
  });

  test('what somebody has changed is what is answered, whether the watch has told of it yet or not', async () => {
    for (let weight = 11; weight < 61; weight++) {
      await put('maps2', weight);
      expect(await weights()).toEqual([10, weight, 10]);
    }
  });

  test('what is gone, and what is new, is too', async () => {
    await deleteKey(`${etcd.url}/v2/keys${PATH}/maps2`);
    expect(await weights()).toEqual([10, 10]);
    await put('maps2', 4);
    expect(await weights()).toEqual([10, 4, 10]);
  });

  test('when the watch is held back, everything is read itself', async () => {
    gateway.hold('wait=true');
    await put('maps2', 4);
    expect(await weights()).toEqual([10, 4, 10]);
    expect(asked().whole).toBeGreaterThan(0);
  });

  test('when the watch is away, everything is read itself', async () => {
    gateway.conduct = (_method, url) => (url.includes('wait=true') ? 'cut-before' : 'pass');
    gateway.cutAll();
    await put('maps2', 4);
    await weights();
    gateway.seen.length = 0;
    expect(await weights()).toEqual([10, 4, 10]);
    expect(asked().whole).toBeGreaterThan(0);
  });

  test('another etcd in its place, with indexes of its own, is not taken for it', async () => {
    await etcd.kill();
    const elsewhere = makeRunDir();
    const other = await startEtcd(elsewhere, { port: etcd.port });
    try {
      for (const host of ['maps1', 'maps2', 'maps3']) await put(host, 77);
      expect(await weights()).toEqual([77, 77, 77]);
    } finally {
      await other.process.stop();
      elsewhere.remove();
    }
  });

  test('what was written is read back itself, and the others as they were then', async () => {
    const [pool] = valueOf(await conftool.poolsOfService('tiles'));
    const from = pool?.nodes[0];
    if (from === undefined) throw new Error('no object');
    await put('maps3', 33);
    gateway.seen.length = 0;
    const { pool: reading, modifiedIndex } = valueOf(
      await conftool.write(from, { weight: 5 }, ORIGIN, { andRead: true }),
    );
    if (reading === undefined) throw new Error('not read');
    const back = valueOf(await reading);
    expect(back.nodes.map(({ state }) => state.weight)).toEqual([5, 10, 33]);
    expect(back.nodes[0]?.modifiedIndex).toBe(modifiedIndex);
    const [first, second] = gateway.seen;
    expect(first).toMatch(/^PUT \S+\/maps1/);
    expect(second).toMatch(/^GET \S+\/maps1\?.*quorum=true/);
  });

  describe('the read behind a write', () => {
    const PUT = /^PUT \S+\/maps1/;
    const first = async (): Promise<StoredNode> => {
      const [pool] = valueOf(await conftool.poolsOfService('tiles'));
      const [node] = pool?.nodes ?? [];
      if (node === undefined) throw new Error('no object');
      gateway.seen.length = 0;
      return node;
    };
    const writeAndRead = (from: StoredNode): ReturnType<Conftool['write']> =>
      conftool.write(from, { weight: 5 }, ORIGIN, { andRead: true });

    test('that overtook it is made again', async () => {
      const from = await first();
      const old = JSON.stringify({
        action: 'get',
        node: { key: `${PATH}/maps1`, value: from.text, modifiedIndex: from.modifiedIndex },
      });
      gateway.conduct = (method, url) =>
        method === 'GET' && url.includes('maps1') ? { status: 200, body: old } : 'pass';
      const { pool } = valueOf(await writeAndRead(from));
      expect(valueOf((await pool) ?? fail({ kind: 'shutting-down' })).nodes[0]?.state.weight).toBe(5);
      expect(asked().whole).toBe(1);
    });

    test('fails alone, and the write is told', async () => {
      const from = await first();
      gateway.conduct = (method, url) =>
        method === 'GET' && url.includes('maps1') ? { status: 502, body: 'bad gateway' } : 'pass';
      const { text, pool } = valueOf(await writeAndRead(from));
      expect(text).toBe('{"weight": 5, "pooled": "yes"}');
      expect(await pool).toMatchObject({ ok: false, fault: { kind: 'conftool-unexpected' } });
    });

    test('goes with the connection, and neither is sent again', async () => {
      const from = await first();
      gateway.conduct = (method) => (method === 'PUT' ? 'cut-after' : 'pass');
      expect(await writeAndRead(from)).toMatchObject({ ok: false, fault: { kind: 'write-unknown' } });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(gateway.seen.filter((one) => PUT.test(one))).toHaveLength(1);
    });

    test('is not made where the write was not sent', async () => {
      const from = await first();
      await gateway.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await writeAndRead(from)).toMatchObject({ ok: false, fault: { kind: 'conftool-unreachable' } });
      expect(gateway.seen).toEqual([]);
    });
  });
});
