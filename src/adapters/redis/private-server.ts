import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Log } from '../../observe/log.ts';

/** Sluice's own Redis. */
export interface PrivateRedis {
  /** Its unix socket. */
  readonly socket: string;
  readonly pid: number;
  /** Ends it, after everything is on disk. */
  close(): Promise<void>;
}

/** Longer paths do not fit into a socket address. */
const MOST_SOCKET_BYTES = 107;
const READY_WITHIN_MS = 10_000;
const END_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 20;
/** Where Debian puts servers, beside the PATH of a service. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/bin:/usr/sbin:/usr/local/bin`;

/**
 * Starts a redis-server for this Sluice alone, under `stateDir/redis`: unix socket only, every write on disk before it is answered, nothing evicted.
 * It has one owner; a server that a killed Sluice left behind is ended first, which loses nothing.
 *
 * @param options.program tried when neither redis-server nor valkey-server is on the PATH.
 * @throws when there is no program, another Sluice owns the folder, or the server does not answer in ten seconds.
 */
export async function startPrivateRedis(options: {
  readonly stateDir: string;
  readonly program: string | undefined;
  readonly log: Log;
}): Promise<PrivateRedis> {
  const folder = join(options.stateDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, 'redis.sock');
  if (Buffer.byteLength(socket) > MOST_SOCKET_BYTES) {
    throw new Error(
      `${socket} is too long for a socket: choose a shorter stateDir, or give redis: in the configuration`,
    );
  }
  const program = findProgram(options.program);
  await takeOwnership(folder, options.log);
  const log = openSync(join(folder, 'redis.log'), 'a');
  // A process group of its own: Ctrl-C in a terminal must not end it before Sluice has ended.
  const server = spawn(program, settings(folder, socket), {
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH },
    detached: true,
  });
  closeSync(log);
  const pid = server.pid ?? 0;
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => {
      resolve();
    });
    server.once('error', () => {
      resolve();
    });
  });
  writeOwner(folder, pid);
  await waitReady(server, socket, folder);
  return {
    socket,
    pid,
    close: async () => {
      server.kill('SIGTERM');
      const hard = setTimeout(() => server.kill('SIGKILL'), END_WITHIN_MS);
      await ended;
      clearTimeout(hard);
      rmSync(join(folder, 'owner'), { force: true });
    },
  };
}

function settings(folder: string, socket: string): readonly string[] {
  return [
    ['--port', '0'],
    ['--unixsocket', socket],
    ['--unixsocketperm', '700'],
    ['--dir', folder],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'always'],
    ['--save', ''],
    ['--maxmemory-policy', 'noeviction'],
    ['--daemonize', 'no'],
  ].flat();
}

function findProgram(given: string | undefined): string {
  const candidates = ['redis-server', 'valkey-server', ...(given === undefined ? [] : [given])];
  const found = candidates.find(
    (name) => spawnSync(name, ['--version'], { env: { ...process.env, PATH } }).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error(
    'no redis-server: type apt-get install redis-server, or set SLUICE_REDIS_BIN, or give redis: in the configuration',
  );
}

/** Who owns the folder: `SLUICE-PID START SERVER-PID START`. The start times tell a process from a later one with the same pid. */
async function takeOwnership(folder: string, log: Log): Promise<void> {
  const file = join(folder, 'owner');
  const [owner, ownerStart, server, serverStart] = existsSync(file)
    ? readFileSync(file, 'utf8').trim().split(' ')
    : [];
  if (owner !== undefined && startOf(Number(owner)) === ownerStart && Number(owner) !== process.pid) {
    throw new Error(
      `${folder} belongs to the Sluice with pid ${owner}, which is running: end it, or choose another stateDir`,
    );
  }
  if (server === undefined || startOf(Number(server)) !== serverStart) return;
  log.warn({ pid: Number(server) }, 'ending the redis-server that a killed Sluice left behind');
  process.kill(Number(server), 'SIGTERM');
  const deadline = Date.now() + END_WITHIN_MS;
  while (startOf(Number(server)) === serverStart) {
    if (Date.now() > deadline) process.kill(Number(server), 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function writeOwner(folder: string, pid: number): void {
  const parts = [process.pid, startOf(process.pid) ?? '-', pid, startOf(pid) ?? '-'];
  writeFileSync(join(folder, 'owner'), `${parts.join(' ')}\n`, { mode: 0o600 });
}

/** When a process started, in ticks since boot; undefined when there is none, or only its remains. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

async function waitReady(server: ChildProcess, socket: string, folder: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers(socket))) {
    const failed = server.exitCode !== null || server.pid === undefined;
    if (failed || Date.now() > deadline) {
      server.kill('SIGKILL');
      throw new Error(`redis-server does not answer: see ${join(folder, 'redis.log')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Whether it takes commands: while it reads its data it says LOADING. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write('PING\r\n'));
    const end = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.once('data', (data) => {
      end(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => {
      end(false);
    });
    socket.setTimeout(500, () => {
      end(false);
    });
  });
}
