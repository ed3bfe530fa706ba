import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import type { Lab } from './lab.ts';
import { startLab } from './lab.ts';
import { freePort, makeRunDir, waitUntil } from './process.ts';

const OBJECT = '/conftool/v1/pools/eqiad/maps/kartotherian-k8s-ssl';

describe('a lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(async () => {
    await lab.stop();
  });

  test('has maps hosts in service and Kubernetes workers of cluster maps waiting', async () => {
    expect(await lab.etcdValue(`${OBJECT}/maps1005.eqiad.wmnet`)).toBe('{"weight": 10, "pooled": "yes"}');
    expect(await lab.etcdValue(`${OBJECT}/wikikube-worker1001.eqiad.wmnet`)).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
    expect(await lab.etcdValue(`${OBJECT}/nobody.eqiad.wmnet`)).toBeUndefined();
  });

  test('has people who hear each other, known by their accounts', async () => {
    const [elukey, jijiki] = await Promise.all([lab.person('elukey'), lab.person('jijiki')]);
    const heard = jijiki.waitFor(/good morning/);
    elukey.say(lab.channel, 'good morning');
    expect((await heard).account).toBe('elukey');
    expect(await lab.person('elukey')).toBe(elukey);
  });

  test('hands Sluice files that nobody else may read or write', () => {
    const folder = dirname(lab.configFile);
    const config = parse(readFileSync(lab.configFile, 'utf8')) as {
      conftool: object;
      http: { port: number };
    };
    expect(config.conftool).toMatchObject({ endpoints: [lab.etcd.url] });
    expect(lab.httpUrl).toBe(`http://127.0.0.1:${String(config.http.port)}`);
    for (const secret of ['signing-key', 'irc-password']) {
      expect(statSync(join(folder, secret)).mode & 0o777).toBe(0o600);
    }
    expect(parse(readFileSync(join(folder, 'policy.yaml'), 'utf8'))).toHaveLength(5);
  });

  test('keeps what was written when Redis is killed and started again', async () => {
    await withRedis(lab.redis.url, (client) => client.set('written', 'before'));
    const before = lab.redis.process.pid;
    lab.redis.process.signal('SIGKILL');
    await lab.redis.process.exited;
    await lab.redis.restart();
    expect(lab.redis.process.pid).not.toBe(before);
    expect(await withRedis(lab.redis.url, (client) => client.get('written'))).toBe('before');
  });

  test('has room for a second one beside it, and that one leaves nothing when it stops', async () => {
    const second = await startLab();
    expect(second.irc.port).not.toBe(lab.irc.port);
    expect(second.redis.port).not.toBe(lab.redis.port);
    const pids = pidsOf(second.runDir.path);
    expect(pids.length).toBeGreaterThanOrEqual(4);
    await second.stop();
    expect(pids.filter(isRunning)).toEqual([]);
    expect(existsSync(second.runDir.path)).toBe(false);
    expect(await lab.etcdValue(`${OBJECT}/maps1005.eqiad.wmnet`)).toBeDefined();
  });
});

test('ports of a lab are given once, and are none that the kernel gives to clients', async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));
  expect(new Set(ports).size).toBe(200);
  expect(ports.filter((port) => port < 10_000 || port >= 32_000)).toEqual([]);
});

describe('a lab whose owner', () => {
  test('was killed is cleaned up by the next start', async () => {
    const owner = await startOwner();
    const pids = pidsOf(owner.path);
    owner.signal('SIGKILL');
    await owner.exited;
    makeRunDir().remove();
    await waitUntil('the orphans are gone', () => pids.filter(isRunning).length === 0);
    expect(existsSync(owner.path)).toBe(false);
  });

  test('exits is gone with it', async () => {
    const owner = await startOwner();
    const pids = pidsOf(owner.path);
    owner.signal('SIGUSR2');
    await owner.exited;
    await waitUntil('the services are gone', () => pids.filter(isRunning).length === 0);
    expect(existsSync(owner.path)).toBe(false);
  });
});

async function withRedis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** Another process that owns a lab and exits, without stopping it, at SIGUSR2. */
async function startOwner(): Promise<{
  path: string;
  signal: (name: NodeJS.Signals) => void;
  exited: Promise<void>;
}> {
  const script = [
    "process.on('SIGUSR2', () => process.exit(0));",
    `const { startLab } = await import(${JSON.stringify(new URL('lab.ts', import.meta.url).href)});`,
    'console.log((await startLab()).runDir.path);',
  ].join('\n');
  const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, NODE_OPTIONS: undefined },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => {
    owner.once('exit', () => {
      resolve();
    });
  });
  let path = '';
  owner.stdout.on('data', (chunk: Buffer) => {
    path += chunk.toString();
  });
  await waitUntil('the other lab runs', () => path.endsWith('\n'), 30_000);
  return { path: path.trim(), signal: (name) => owner.kill(name), exited };
}

function pidsOf(folder: string): readonly number[] {
  const lines = readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n');
  return lines.map((line) => Number(line.split(' ')[0])).filter(isRunning);
}

/** A zombie, which nobody has reaped yet, runs no more. */
function isRunning(pid: number): boolean {
  if (!readdirSync('/proc').includes(String(pid))) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}
