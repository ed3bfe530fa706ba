import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runConfctl } from './confctl.ts';
import type { LabEtcd } from './etcd.ts';
import { seedConftool, startEtcd } from './etcd.ts';
import type { RunDir } from './process.ts';
import { makeRunDir, waitUntil } from './process.ts';
import { startLoad } from './traffic/load.ts';
import type { PybalHost } from './traffic/pybal.ts';
import { requestsQuery } from './traffic/prometheus.ts';
import type { LabTraffic } from './traffic/traffic.ts';
import { startTraffic } from './traffic/traffic.ts';

const POOL = 'kartotherian-k8s-ssl_6543';
const SERVICE = 'kartotherian-k8s-ssl';

/** The stand-ins of the lab must be what they stand for, or what is tested on them is nothing. */
describe('hosts, load balancers and metrics of the lab', () => {
  let run: RunDir;
  let etcd: LabEtcd;
  let traffic: LabTraffic;

  beforeAll(async () => {
    run = makeRunDir();
    etcd = await startEtcd(run);
    await seedConftool(etcd.url);
    traffic = await startTraffic(run, etcd.url);
  });
  afterAll(async () => {
    await traffic.stop();
    await etcd.process.stop();
    run.remove();
  });

  async function set(host: string, action: string): Promise<void> {
    const tags = `dc=eqiad,cluster=maps,service=${SERVICE}`;
    const { code, stderr } = await runConfctl(etcd.url, [
      'tags',
      tags,
      '--action',
      `set/${action}`,
      `${host}.eqiad.wmnet`,
    ]);
    if (code !== 0) throw new Error(stderr);
  }

  async function seen(host: string): Promise<PybalHost | undefined> {
    return (await traffic.pybal['eqiad']?.pool(POOL))?.[`${host}.eqiad.wmnet`];
  }

  function until(host: string, what: Partial<PybalHost> | undefined): Promise<void> {
    return waitUntil(`${host} is ${JSON.stringify(what)}`, async () => {
      const now = await seen(host);
      if (what === undefined) return now === undefined;
      return (
        now !== undefined &&
        Object.entries(what).every(([key, value]) => now[key as keyof PybalHost] === value)
      );
    });
  }

  async function load(rps: number, seconds: number): ReturnType<typeof startLoad>['result'] {
    const url = traffic.haproxy['eqiad']?.frontends[SERVICE] ?? '';
    return startLoad({ url, rps, seconds }).result;
  }

  test('conftool is followed: no is known and gets nothing, inactive is unknown, weight 0 counts as 1', async () => {
    expect(await seen('maps1005')).toEqual({ pooled: true, weight: 10, up: true, enabled: true });
    expect(await seen('wikikube-worker1001')).toBeUndefined();
    await set('wikikube-worker1001', 'pooled=no');
    await until('wikikube-worker1001', { enabled: false, pooled: false, up: true, weight: 1 });
    await set('wikikube-worker1001', 'pooled=yes');
    await until('wikikube-worker1001', { enabled: true, pooled: true, weight: 1 });
    await set('wikikube-worker1001', 'pooled=inactive');
    await until('wikikube-worker1001', undefined);
  });

  test('weights are shares of the requests', async () => {
    for (const host of ['maps1008', 'maps1009', 'maps1010']) await set(host, 'pooled=no');
    await set('maps1007', 'weight=5');
    await until('maps1007', { weight: 5 });
    await until('maps1010', { enabled: false });
    const { hosts, ok, failed } = await load(250, 2);
    expect({ ok, failed }).toEqual({ ok: 500, failed: 0 });
    expect(Object.keys(hosts).sort()).toEqual([
      'maps1005.eqiad.wmnet',
      'maps1006.eqiad.wmnet',
      'maps1007.eqiad.wmnet',
    ]);
    const share = (host: string): number => (hosts[`${host}.eqiad.wmnet`] ?? 0) / 500;
    expect(share('maps1005')).toBeCloseTo(0.4, 1);
    expect(share('maps1007')).toBeCloseTo(0.2, 1);
    for (const host of ['maps1008', 'maps1009', 'maps1010']) await set(host, 'pooled=yes');
    await set('maps1007', 'weight=10');
    await until('maps1010', { pooled: true });
    await until('maps1007', { weight: 10 });
  });

  test.each(['mute', '503', 'tls', 'dead', 'slow:3000', 'tls:maps.wikimedia.org'])(
    'a host that is %s is found down and gets nothing, and up again when it is well',
    async (what) => {
      await traffic.backends.setSick('maps1005.eqiad.wmnet', what);
      await until('maps1005', { up: false, pooled: false, enabled: true });
      await traffic.backends.setSick('maps1005.eqiad.wmnet', 'well');
      await until('maps1005', { up: true, pooled: true });
    },
  );

  test('below the threshold a host that is down stays pooled; no hosts count as known', async () => {
    for (const host of ['maps1008', 'maps1009', 'maps1010']) await set(host, 'pooled=no');
    await until('maps1010', { enabled: false });
    // Three of six are up: one fewer would be below the half.
    await traffic.backends.setSick('maps1005.eqiad.wmnet', 'dead');
    await until('maps1005', { up: false, pooled: true });
    // A depool in conftool is obeyed all the same.
    await set('maps1005', 'pooled=no');
    await until('maps1005', { enabled: false, pooled: false });
    await traffic.backends.setSick('maps1005.eqiad.wmnet', 'well');
    for (const host of ['maps1005', 'maps1008', 'maps1009', 'maps1010']) await set(host, 'pooled=yes');
    await until('maps1010', { pooled: true });
    await until('maps1005', { pooled: true, up: true });
  });

  test('frozen it hears nothing, and catches up', async () => {
    await traffic.pybal['eqiad']?.freeze(true);
    await set('maps1006', 'pooled=no');
    await set('maps1007', 'weight=7');
    expect(await seen('maps1006')).toMatchObject({ enabled: true });
    await traffic.pybal['eqiad']?.freeze(false);
    await until('maps1006', { enabled: false });
    await until('maps1007', { weight: 7 });
    await set('maps1006', 'pooled=yes');
    await set('maps1007', 'weight=10');
    await until('maps1007', { weight: 10 });
  });

  test('no request is lost while hosts come, go and die', async () => {
    const loaded = load(50, 8);
    await set('maps1005', 'pooled=no');
    await traffic.backends.setSick('maps1006.eqiad.wmnet', 'dead');
    await until('maps1006', { up: false });
    await set('maps1005', 'pooled=yes');
    await traffic.backends.setSick('maps1006.eqiad.wmnet', 'well');
    await until('maps1006', { up: true });
    expect(await loaded).toMatchObject({ sent: 400, ok: 400, failed: 0 });
  });

  test('metrics have it by host and service', async () => {
    const query = encodeURIComponent(requestsQuery('eqiad'));
    await waitUntil('Prometheus has a rate', async () => {
      const response = await fetch(`${traffic.prometheus.url}/api/v1/query?query=${query}`);
      const { data } = (await response.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      const own = data.result.find(
        ({ metric }) => metric['host'] === 'maps1007.eqiad.wmnet' && metric['service'] === SERVICE,
      );
      return Number(own?.value[1] ?? 0) > 0;
    });
  });

  test('a second one beside it has addresses of its own', async () => {
    const other = makeRunDir();
    const beside = await startTraffic(other, etcd.url);
    expect(beside.backends.addresses['maps1005.eqiad.wmnet']).not.toBe(
      traffic.backends.addresses['maps1005.eqiad.wmnet'],
    );
    await beside.stop();
    other.remove();
  });
});

test('load is bounded, and for loopback only', () => {
  expect(() => startLoad({ url: 'http://192.0.2.1:80', rps: 1, seconds: 1 })).toThrow('loopback');
  expect(() => startLoad({ url: 'http://127.0.0.1:80', rps: 1, seconds: 9999 })).toThrow('too much');
});
