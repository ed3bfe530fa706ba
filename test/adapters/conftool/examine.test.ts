import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ExamineConftoolOptions } from '../../../src/adapters/conftool/examine.ts';
import { examineConftool } from '../../../src/adapters/conftool/examine.ts';
import { doctorLineText } from '../../../src/core/doctor-line.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { freePort, makeRunDir } from '../../lab/process.ts';

const OBJECTS = [
  'eqiad/maps/tiles/maps1',
  'eqiad/maps/tiles/maps2',
  'codfw/maps/tiles/maps3',
  'eqiad/web/page/web1',
];
const VALUE = '{"weight": 10, "pooled": "yes"}';
const ROOT = { username: 'root', password: 'root-password' };
const MAPS = { username: 'pool-eqiad-maps', password: 'maps-password' };

let runDir: RunDir;
let etcd: LabEtcd;

beforeAll(async () => {
  runDir = makeRunDir();
  etcd = await startEtcd(runDir);
  for (const object of OBJECTS) await putValue(`${etcd.url}/v2/keys/conftool/v1/pools/${object}`, VALUE);
});

afterAll(async () => {
  await etcd.process.stop();
  runDir.remove();
});

async function examine(options: Partial<ExamineConftoolOptions> = {}): Promise<readonly string[]> {
  const lines = await examineConftool({
    endpoints: [etcd.url],
    namespace: '/conftool',
    apiVersion: 'v1',
    credentials: undefined,
    ca: undefined,
    scope: [{ cluster: 'maps' }],
    timeoutMs: 3000,
    ...options,
  });
  return lines.map(doctorLineText);
}

async function tree(): Promise<unknown> {
  const response = await fetch(`${etcd.url}/v2/keys/conftool?recursive=true&sorted=true&quorum=true`);
  return response.json();
}

const ANSWERS = 'ok etcd v2 API answers: 4 objects in 3 pools at /conftool/v1/pools';

describe('examineConftool on an etcd without rights', () => {
  test('warns that anybody may write outside the scope, and changes nothing', async () => {
    const before = await tree();
    expect(await examine()).toEqual([
      ANSWERS,
      'ok etcd may write inside the scope: codfw/maps, eqiad/maps',
      'warn etcd credentials may write outside the scope: eqiad/web. Sluice will not, but its password could',
    ]);
    expect(await tree()).toEqual(before);
  });

  test('warns of a scope that lets nothing be written', async () => {
    expect((await examine({ scope: [] }))[1]).toBe(
      'warn etcd conftool.scope is empty: Sluice may write nothing',
    );
    expect((await examine({ scope: [{ cluster: 'mpas' }] }))[1]).toBe(
      'warn etcd no object is inside the scope cluster=mpas',
    );
  });

  test('says that nothing is outside a scope of everything', async () => {
    expect((await examine({ scope: [{ types: ['node'] }] })).at(-1)).toBe(
      'ok etcd no object is outside the scope',
    );
  });

  test('says that namespace or version are wrong', async () => {
    expect(await examine({ namespace: '/other' })).toEqual([
      'FAIL etcd nothing at /other/v1/pools: are namespace and apiVersion right?',
    ]);
  });
});

test('nobody listening is told with the cause', async () => {
  const endpoint = `http://127.0.0.1:${String(await freePort())}`;
  expect(await examine({ endpoints: [endpoint] })).toEqual([
    `FAIL etcd no connection to etcd (${endpoint}). (ECONNREFUSED)`,
  ]);
});

test('an etcd without the v2 API is told how to get it', async () => {
  const other = await startEtcd(runDir, { v2: false });
  try {
    expect(await examine({ endpoints: [other.url] })).toEqual([
      `FAIL etcd ${other.url} has no v2 API: start it with --enable-v2=true.`,
    ]);
  } finally {
    await other.process.stop();
  }
});

describe('examineConftool on an etcd with rights as in production', () => {
  beforeAll(async () => {
    const own = '/conftool/v1/pools/eqiad/maps/*';
    const all = ['/*', '*'];
    await admin('users/root', { user: ROOT.username, password: ROOT.password });
    await admin('roles/maps', { role: 'maps', permissions: { kv: { read: all, write: [own] } } });
    await admin(`users/${MAPS.username}`, { user: MAPS.username, password: MAPS.password, roles: ['maps'] });
    await admin('enable', {});
    await admin('roles/guest', { role: 'guest', revoke: { kv: { read: [], write: all } } });
  });

  test('finds nothing wrong when rights and scope are the same', async () => {
    expect(await examine({ credentials: MAPS, scope: [{ dc: 'eqiad', cluster: 'maps' }] })).toEqual([
      ANSWERS,
      'ok etcd may write inside the scope: eqiad/maps',
      'ok etcd credentials may not write outside the scope',
    ]);
  });

  test('fails where the scope promises more than the rights', async () => {
    expect(await examine({ credentials: MAPS })).toEqual([
      ANSWERS,
      'ok etcd may write inside the scope: eqiad/maps',
      'FAIL etcd may not write inside the scope: codfw/maps. Look at credentials, and whether this side takes writes',
      'ok etcd credentials may not write outside the scope',
    ]);
  });

  test('warns when the rights are more than the scope', async () => {
    expect((await examine({ credentials: ROOT, scope: [{ dc: 'eqiad', cluster: 'maps' }] })).at(-1)).toBe(
      'warn etcd credentials may write outside the scope: codfw/maps, eqiad/web. Sluice will not, but its password could',
    );
  });

  test('says that a guest may read and not write', async () => {
    expect(await examine()).toContain(
      'FAIL etcd may not write inside the scope: codfw/maps, eqiad/maps. Look at credentials, and whether this side takes writes',
    );
  });

  test('says that a password is wrong', async () => {
    const [line] = await examine({ credentials: { ...MAPS, password: 'wrong' } });
    expect(line).toBe('FAIL etcd pool-eqiad-maps may not read /conftool/v1/pools: look at credentials');
  });
});

/** One request of the v2 API's rights, as root: before they are on, anybody is. */
async function admin(path: string, body: object): Promise<void> {
  const response = await fetch(`${etcd.url}/v2/auth/${path}`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${ROOT.username}:${ROOT.password}`).toString('base64')}`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${text}`);
}
