import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { NativeConftoolOptions } from '../../../src/adapters/conftool/native.ts';
import type { NodeKey, StoredNode } from '../../../src/core/node.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import { ORIGIN } from '../../core/build.ts';
import { ensureConfctl } from '../../lab/confctl.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { deleteKey, putValue, startEtcd } from '../../lab/etcd.ts';
import { readEtcdValue } from '../../lab/etcd-read.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import { faultOf, nodeOf, valueOf } from './contract.ts';
import type { Interposer } from './interposer.ts';
import { openInterposer } from './interposer.ts';
import { openConfctlDriver } from './open-driver.ts';

jest.setTimeout(60_000);

const YES = '{"weight": 10, "pooled": "yes"}';
const NO = '{"weight": 10, "pooled": "no"}';
const MAPS1: NodeKey = { dc: 'eqiad', cluster: 'maps', service: 'tiles', host: 'maps1' };
const PATH = '/conftool/v1/pools/eqiad/maps/tiles/maps1';

let runDir: RunDir;
let etcd: LabEtcd;
let confctl: string;
let folder: string;
let folders = 0;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  runDir = makeRunDir();
  [etcd, confctl] = await Promise.all([startEtcd(runDir), ensureConfctl()]);
}, 180_000);

beforeEach(async () => {
  folder = runDir.folder(`confctl-${String(folders++)}`);
  await putValue(`${etcd.url}/v2/keys${PATH}`, YES);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

afterAll(async () => {
  await etcd.process.stop();
  runDir.remove();
});

function open(
  files: { readonly command?: string; readonly config?: string; readonly etcd?: string },
  options: Partial<NativeConftoolOptions> = {},
): Conftool {
  const conftool = openConfctlDriver(etcd.url, { command: confctl, folder, ...files }, options);
  opened.push(conftool);
  return conftool;
}

/** A program in place of confctl. */
function script(...lines: readonly string[]): string {
  const path = join(folder, 'program');
  writeFileSync(path, ['#!/bin/sh', `cd '${folder}'`, ...lines, ''].join('\n'), { mode: 0o755 });
  return path;
}

async function depool(conftool: Conftool, from?: StoredNode): Promise<unknown> {
  return faultOf(await conftool.write(from ?? (await nodeOf(conftool, MAPS1)), { pooled: 'no' }, ORIGIN));
}

describe('what confctl is told', () => {
  test('one object by all its tags, only the fields that change, and nothing of our environment', async () => {
    process.env['ETCD_PASSWORD_OF_A_TEST'] = 'secret';
    const command = script(`printf '%s\\n' "$@" > args`, 'env > env', `exec '${confctl}' "$@" 2> stderr`);
    const conftool = open({ command });
    valueOf(await conftool.write(await nodeOf(conftool, MAPS1), { pooled: 'no', weight: 5 }, ORIGIN));
    const read = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trim().split('\n');
    expect(read('args').slice(4)).toEqual([
      '--quiet',
      'tags',
      'dc=eqiad,cluster=maps,service=tiles',
      '--action',
      'set/pooled=no:weight=5',
      'maps1',
    ]);
    expect(read('args')).toEqual(expect.arrayContaining(['--config', '--schema']));
    // The shell adds the others by itself.
    const names = read('env').map((line) => line.split('=')[0] ?? '');
    const added = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    expect(names.filter((name) => !added.includes(name)).sort()).toEqual([
      'LC_ALL',
      'PATH',
      'SUDO_USER',
      'USER',
    ]);
    expect(read('stderr').join('\n')).toContain(`"user.name": "${ORIGIN.person}"`);
  });

  test('a write of nothing rewrites what is there', async () => {
    const conftool = open({});
    const before = await nodeOf(conftool, MAPS1);
    const written = valueOf(await conftool.write(before, {}, ORIGIN));
    expect(written.text).toBe(YES);
    expect(written.modifiedIndex).toBeGreaterThan(before.modifiedIndex);
  });

  test.each(['all', 're:.*', '@file', '--help', 'maps1,maps2', 'a=b', ' maps1', 'maps1\n'])(
    'never the host %j, which it would not take for a name',
    async (host) => {
      const conftool = open({ command: script('touch ran') });
      const from = { ...(await nodeOf(conftool, MAPS1)), key: { ...MAPS1, host } };
      expect(await depool(conftool, from)).toMatchObject({ kind: 'conftool-unexpected', status: 127 });
      expect(existsSync(join(folder, 'ran'))).toBe(false);
      expect(await readEtcdValue(etcd.url, PATH)).toBe(YES);
    },
  );

  test.each([
    ['a host of another cluster', { ...MAPS1, cluster: 'web' }],
    ['a host that leads elsewhere', { ...MAPS1, host: '../tiles/maps1' }],
  ])('nothing for %s', async (_what, key) => {
    const conftool = open({ command: script('touch ran') });
    const from = { ...(await nodeOf(conftool, MAPS1)), key };
    expect(await depool(conftool, from)).toMatchObject({ kind: 'outside-scope' });
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });
});

describe('how it ends, and what stands there, decide', () => {
  const unknown = { kind: 'write-unknown', key: MAPS1, tries: 1 };

  test('0, and nothing has changed', async () => {
    const conftool = open({ command: script('echo "maps1: pooled changed yes => no"') });
    expect(await depool(conftool)).toEqual({
      kind: 'read-back-differs',
      key: MAPS1,
      wanted: { pooled: 'no', weight: 10 },
      found: { pooled: 'yes', weight: 10 },
    });
  });

  test('another code, and nothing has changed: it is told with its last line', async () => {
    const conftool = open({ command: script('echo first >&2', 'echo "ERROR: the last" >&2', 'exit 3') });
    expect(await depool(conftool)).toEqual({
      kind: 'conftool-unexpected',
      status: 3,
      text: 'confctl: ERROR: the last',
    });
  });

  test('another code after the time in which etcd gives up, and nothing has changed yet', async () => {
    let at = 0;
    const conftool = open({ command: script('exit 1') }, { now: () => (at += 5000) });
    expect(await depool(conftool)).toMatchObject({ ...unknown, forMs: 5000 });
  });

  test('another code, and yet it has changed as wanted: etcd tells whose it is, not the code', async () => {
    const conftool = open({ command: script(`'${confctl}' "$@"`, 'exit 1') });
    const { modifiedIndex } = await nodeOf(conftool, MAPS1);
    expect(await depool(conftool)).toMatchObject(unknown);
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, modifiedIndex))).toMatchObject({ text: NO });
  });

  test('no end in time: it is killed, with what it has started', async () => {
    const conftool = open(
      { command: script('sleep 600 &', 'echo $! > child', 'wait') },
      { writeTimeoutMs: 500 },
    );
    expect(await depool(conftool)).toMatchObject({ ...unknown, cause: 'confctl: no end in 500 ms' });
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await waitUntil('the child is gone', () => !isAlive(child));
  });

  test('somebody kills it', async () => {
    const conftool = open({ command: script('kill -9 $$') });
    expect(await depool(conftool)).toMatchObject({ ...unknown, cause: 'confctl: ended by SIGKILL' });
  });

  test('it is not there', async () => {
    const conftool = open({ command: '/nowhere/confctl' });
    expect(await depool(conftool)).toEqual({
      kind: 'conftool-unexpected',
      status: 127,
      text: '/nowhere/confctl: ENOENT',
    });
  });

  test('etcd goes away while it runs', async () => {
    const other = await startEtcd(runDir);
    await putValue(`${other.url}/v2/keys${PATH}`, YES);
    const command = script(`kill -9 ${String(other.process.pid)}`);
    const conftool = openConfctlDriver(other.url, { command, folder });
    opened.push(conftool);
    expect(await depool(conftool)).toMatchObject({
      ...unknown,
      cause: 'confctl: exit 0, then no read: conftool-unreachable',
    });
  });
});

describe('a confctl that is set up for something else', () => {
  test('one that is read-only ends with 0 and has written nothing', async () => {
    expect(await depool(open({ config: 'read_only: true\n' }))).toMatchObject({ kind: 'read-back-differs' });
  });

  test('one of another namespace has written there', async () => {
    await putValue(`${etcd.url}/v2/keys${PATH.replace('/conftool', '/elsewhere')}`, YES);
    const conftool = open({ config: 'namespace: /elsewhere\n' });
    expect(await depool(conftool)).toMatchObject({ kind: 'read-back-differs' });
    expect(await readEtcdValue(etcd.url, PATH)).toBe(YES);
  });

  test('one of another version does not know the object', async () => {
    expect(await depool(open({ config: 'api_version: v0\n' }))).toMatchObject({
      kind: 'conftool-unexpected',
      status: 1,
    });
  });

  test('one that cannot reach etcd says that the object does not exist, and is not believed', async () => {
    const conftool = open({ etcd: 'http://127.0.0.1:1' });
    expect(await depool(conftool)).toMatchObject({ kind: 'conftool-unexpected', status: 1 });
    expect(await readEtcdValue(etcd.url, PATH)).toBe(YES);
  });
});

describe('what somebody else does after the last look', () => {
  const URL_OF_IT = (): string => `${etcd.url}/v2/keys${PATH}`;
  const HEAVY = '{"weight": 99, "pooled": "yes"}';
  const change = (): Promise<void> => putValue(URL_OF_IT(), HEAVY);
  const remove = (): Promise<void> => deleteKey(URL_OF_IT());
  const changed = { kind: 'changed', text: HEAVY };
  let interposer: Interposer;

  beforeEach(async () => {
    interposer = await openInterposer(etcd.url);
  });

  afterEach(() => interposer.close());

  // confctl reads (1), reads with quorum (2), and writes (3).
  test.each([
    ['changed before its first read: both stay', 1, change, '{"weight": 99, "pooled": "no"}', changed],
    ['changed between its reads: theirs is lost', 2, change, NO, changed],
    ['changed before its write: theirs stays', 3, change, HEAVY, changed],
    ['deleted before its first read: it stays so', 1, remove, undefined, { kind: 'deleted' }],
    ['deleted between its reads: it is there again', 2, remove, NO, { kind: 'deleted' }],
    ['deleted before its write: it stays so', 3, remove, undefined, { kind: 'deleted' }],
  ])('%s, and it is never a success', async (_what, at, act, left, first) => {
    interposer.before = (number) => (number === at ? act() : Promise.resolve());
    const conftool = open({ etcd: interposer.url });
    const { modifiedIndex } = await nodeOf(conftool, MAPS1);
    expect(await depool(conftool)).toMatchObject({ kind: 'write-unknown', key: MAPS1 });
    expect(await readEtcdValue(etcd.url, PATH)).toBe(left);
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, modifiedIndex))).toMatchObject(first);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that nobody has asked for its exit code yet is dead all the same.
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
