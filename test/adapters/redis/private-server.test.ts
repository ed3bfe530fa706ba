import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { PrivateRedis } from '../../../src/adapters/redis/private-server.ts';
import { startPrivateRedis } from '../../../src/adapters/redis/private-server.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { waitUntil } from '../../lab/process.ts';

let stateDir: string;
let started: PrivateRedis[];
let owners: ChildProcess[];
let theirs: number[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  started = [];
  owners = [];
  theirs = [];
});

afterEach(async () => {
  for (const owner of owners) owner.kill('SIGKILL');
  // Those that an owner leaves behind.
  for (const server of theirs) if (isAlive(server)) process.kill(server, 'SIGKILL');
  for (const server of started) await server.close();
  rmSync(stateDir, { recursive: true });
});

async function start(folder = stateDir): Promise<PrivateRedis> {
  const server = await startPrivateRedis({ stateDir: folder, program: undefined, log: silentLog });
  started.push(server);
  return server;
}

async function ask<T>(socket: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ path: socket });
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

/** Another process that owns a server in `stateDir`, as a Sluice does. */
async function startOwner(): Promise<{ readonly owner: ChildProcess; readonly server: number }> {
  const source = new URL('../../../src/adapters/redis/private-server.ts', import.meta.url).href;
  const program = `
    import { startPrivateRedis } from ${JSON.stringify(source)};
    const log = { info() {}, warn() {}, error() {} };
    const server = await startPrivateRedis({ stateDir: ${JSON.stringify(stateDir)}, program: undefined, log });
    console.log(server.pid);
    setInterval(() => {}, 1000);
  `;
  const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owners.push(owner);
  const pid = await new Promise<number>((resolve, reject) => {
    owner.stdout.once('data', (data: Buffer) => {
      resolve(Number(data.toString()));
    });
    owner.once('exit', () => {
      reject(new Error('the owner ended'));
    });
  });
  theirs.push(pid);
  return { owner, server: pid };
}

test('serves on a socket that only its owner may open, on no port, each write on disk, nothing evicted', async () => {
  const { socket } = await start();
  expect(statSync(socket).mode & 0o777).toBe(0o700);
  expect(statSync(join(stateDir, 'redis')).mode & 0o777).toBe(0o700);
  const wanted = {
    port: '0',
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    save: '',
  };
  const found: Record<string, string | undefined> = {};
  await ask(socket, async (client) => {
    for (const name of Object.keys(wanted))
      found[name] = ((await client.config('GET', name)) as readonly string[])[1];
  });
  expect(found).toEqual(wanted);
});

test('keeps its data over an orderly end', async () => {
  const first = await start();
  await ask(first.socket, (client) => client.set('key', 'value'));
  await first.close();
  expect(isAlive(first.pid)).toBe(false);
  const second = await start();
  expect(await ask(second.socket, (client) => client.get('key'))).toBe('value');
});

test('a folder whose Sluice runs is refused, and its server goes on', async () => {
  const { server, owner } = await startOwner();
  await expect(start()).rejects.toThrow(
    `belongs to the Sluice with pid ${String(owner.pid)}, which is running`,
  );
  expect(isAlive(server)).toBe(true);
});

test('takes over from a Sluice that was killed: its server is ended, its data kept', async () => {
  const { server, owner } = await startOwner();
  const socket = join(stateDir, 'redis', 'redis.sock');
  await ask(socket, (client) => client.set('key', 'value'));
  owner.kill('SIGKILL');
  await new Promise((resolve) => owner.once('close', resolve));
  expect(isAlive(server)).toBe(true);
  const mine = await start();
  expect(mine.pid).not.toBe(server);
  expect(await ask(mine.socket, (client) => client.get('key'))).toBe('value');
  await waitUntil('the old server is gone', () => !isAlive(server));
});

test('a pid that now is another process owns nothing, and is left alone', async () => {
  const stranger = spawn('sleep', ['60']);
  owners.push(stranger);
  mkdirSync(join(stateDir, 'redis'), { recursive: true });
  const pid = String(stranger.pid);
  writeFileSync(join(stateDir, 'redis', 'owner'), `${pid} 1 ${pid} 1\n`);
  await start();
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
});

test('a path too long for a socket is refused with what to do', async () => {
  const deep = join(stateDir, 'x'.repeat(120));
  await expect(start(deep)).rejects.toThrow('is too long for a socket: choose a shorter stateDir');
});

test('data that cannot be read is an error that names the log', async () => {
  const folder = join(stateDir, 'redis', 'appendonlydir');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'appendonly.aof.manifest'), 'nonsense\n');
  await expect(start()).rejects.toThrow(
    `redis-server does not answer: see ${join(stateDir, 'redis', 'redis.log')}`,
  );
});
