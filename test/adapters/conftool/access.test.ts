import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { NativeConftoolOptions } from '../../../src/adapters/conftool/native.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { faultOf, nodeOf, valueOf } from './contract.ts';
import { openDriver } from './open-driver.ts';
import { ORIGIN } from '../../core/build.ts';

const YES = '{"weight": 10, "pooled": "yes"}';
const POOLS = '/v2/keys/conftool/v1/pools';
const MAPS1 = { dc: 'eqiad', cluster: 'maps', service: 'tiles', host: 'maps1' };
const WEB1 = { dc: 'eqiad', cluster: 'web', service: 'page', host: 'web1' };
const ROOT = { username: 'root', password: 'root-password' };
const OWN = { username: 'pool-eqiad-maps', password: 'pässword: with a colon' };

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

function open(url: string, options: Partial<NativeConftoolOptions> = {}): Conftool {
  const conftool = openDriver(url, options);
  opened.push(conftool);
  return conftool;
}

describe('an etcd with rights as in production', () => {
  let etcd: LabEtcd;

  beforeAll(async () => {
    etcd = await startEtcd(runDir);
    await putValue(`${etcd.url}${POOLS}/eqiad/maps/tiles/maps1`, YES);
    await putValue(`${etcd.url}${POOLS}/eqiad/web/page/web1`, YES);
    await grantRights(etcd.url);
  });

  afterAll(() => etcd.process.stop());

  test('who may write writes, with the password in any letters', async () => {
    const conftool = open(etcd.url, { credentials: OWN });
    expect((await conftool.write(await nodeOf(conftool, MAPS1), { pooled: 'no' }, ORIGIN)).ok).toBe(true);
  });

  test('a right that is missing forbids the write and names who wanted it, though the scope has it', async () => {
    const conftool = open(etcd.url, { credentials: OWN, scope: [{ dc: 'eqiad' }] });
    expect(faultOf(await conftool.write(await nodeOf(conftool, WEB1), { pooled: 'no' }, ORIGIN))).toEqual({
      kind: 'conftool-forbidden',
      user: OWN.username,
      path: '/conftool/v1/pools/eqiad/web/page/web1',
    });
  });

  test('a wrong password forbids even reading', async () => {
    const conftool = open(etcd.url, { credentials: { ...OWN, password: 'wrong' } });
    const forbidden = { kind: 'conftool-forbidden', user: OWN.username };
    expect(faultOf(await conftool.pool(MAPS1))).toMatchObject(forbidden);
    expect(faultOf(await conftool.ping())).toMatchObject(forbidden);
    expect(faultOf(await conftool.firstChangeAfter(MAPS1, 1))).toMatchObject(forbidden);
  });

  test('without a password everything is read and nothing is written', async () => {
    const conftool = open(etcd.url);
    const node = await nodeOf(conftool, MAPS1);
    expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toMatchObject({
      kind: 'conftool-forbidden',
      user: 'guest',
    });
    expect(await nodeOf(conftool, MAPS1)).toEqual(node);
  });
});

test('an etcd as it comes, without the v2 API, is told by its name', async () => {
  const etcd = await startEtcd(runDir, { v2: false });
  try {
    const conftool = open(etcd.url);
    const fault = { kind: 'conftool-no-v2', endpoint: etcd.url };
    expect(faultOf(await conftool.allPools())).toEqual(fault);
    expect(faultOf(await conftool.pool(MAPS1))).toEqual(fault);
    expect(faultOf(await conftool.ping())).toEqual(fault);
    expect(faultOf(await conftool.firstChangeAfter(MAPS1, 1))).toEqual(fault);
    const node = { key: MAPS1, text: YES, modifiedIndex: 5, state: { pooled: 'yes', weight: 10 } } as const;
    expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toEqual(fault);
  } finally {
    await etcd.process.stop();
  }
});

describe('an etcd that serves https', () => {
  let etcd: LabEtcd;
  let ca: string;

  beforeAll(async () => {
    const tls = makeCertificate(runDir.folder('tls'));
    ca = readFileSync(tls.certFile, 'utf8');
    etcd = await startEtcd(runDir, { tls });
  });

  afterAll(() => etcd.process.stop());

  test('is read and written when its authority is trusted, by many calls at once', async () => {
    const conftool = open(etcd.url, { ca });
    // The store is empty: a swap that finds nothing has been through everything that a swap goes through.
    const keys = Array.from({ length: 60 }, (_, index) => ({ ...MAPS1, host: `maps${String(index)}` }));
    const answers = await Promise.all(
      keys.map((key) =>
        conftool.write(
          { key, text: YES, modifiedIndex: 5, state: { pooled: 'yes', weight: 10 } },
          { weight: 1 },
          ORIGIN,
        ),
      ),
    );
    expect(answers.map(faultOf)).toEqual(keys.map((key) => ({ kind: 'object-absent', key })));
    expect(valueOf(await conftool.allPools())).toEqual([]);
  });

  test('is not spoken to when its authority is not trusted: nothing was sent', async () => {
    const conftool = open(etcd.url);
    const unreachable = {
      kind: 'conftool-unreachable',
      endpoints: [etcd.url],
      cause: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    };
    expect(faultOf(await conftool.ping())).toEqual(unreachable);
    const node = { key: MAPS1, text: YES, modifiedIndex: 5, state: { pooled: 'yes', weight: 10 } } as const;
    expect(faultOf(await conftool.write(node, { pooled: 'no' }, ORIGIN))).toEqual(unreachable);
  });

  test('is not spoken to under a name that its certificate does not have', async () => {
    const conftool = open(etcd.url.replace('127.0.0.1', 'localhost'), { ca });
    expect(faultOf(await conftool.ping())).toMatchObject({
      kind: 'conftool-unreachable',
      cause: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('killed and started again, it is spoken to on new connections', async () => {
    const conftool = open(etcd.url, { ca });
    expect((await conftool.ping()).ok).toBe(true);
    await etcd.restart();
    expect((await conftool.ping()).ok).toBe(true);
  });
});

/** Guests read; one user writes what is below eqiad/maps. */
async function grantRights(url: string): Promise<void> {
  const set = async (path: string, body: object): Promise<void> => {
    const authorization = `Basic ${Buffer.from(`${ROOT.username}:${ROOT.password}`).toString('base64')}`;
    const response = await fetch(`${url}/v2/auth/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${text}`);
  };
  const write = ['/conftool/v1/pools/eqiad/maps/*'];
  await set('users/root', { user: ROOT.username, password: ROOT.password });
  await set('roles/maps', { role: 'maps', permissions: { kv: { read: ['/*'], write } } });
  await set(`users/${OWN.username}`, { user: OWN.username, password: OWN.password, roles: ['maps'] });
  await set('enable', {});
  await set('roles/guest', { role: 'guest', revoke: { kv: { read: [], write: ['/*', '*'] } } });
}

/** A certificate for 127.0.0.1 that is its own authority. */
function makeCertificate(folder: string): { readonly certFile: string; readonly keyFile: string } {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const names = ['-subj', '/CN=sluice lab', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...names, '-out', certFile], {
    stdio: 'pipe',
  });
  return { certFile, keyFile };
}
