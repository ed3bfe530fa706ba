import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFileSync, existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One real server or client process of a lab. */
export interface LabProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the exit code (or signal name) when the process is gone. */
  readonly exited: Promise<number | string>;
  /** Sends a signal: `SIGKILL` for crash tests, `SIGSTOP`/`SIGCONT` to freeze it. */
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after two seconds; resolves when it is gone. */
  stop(): Promise<void>;
}

/** A scratch folder of one lab. It names its owner and every process, so that the next start can clean up after `kill -9`. */
export interface RunDir {
  readonly path: string;
  /** Makes and returns a folder inside. */
  folder(name: string): string;
  /** Removes the folder. Stop the processes first. */
  remove(): void;
}

const PREFIX = 'sluice-lab-';

/** Makes the scratch folder of a new lab, and first removes what labs left behind whose owner is gone. */
export function makeRunDir(): RunDir {
  removeAbandonedLabs();
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(path, 'owner'), identity(process.pid) ?? '');
  return {
    path,
    folder: (name) => {
      const inner = join(path, name);
      mkdirSync(inner, { recursive: true, mode: 0o700 });
      return inner;
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Starts a process of the lab. Its output goes to `RUNDIR/NAME.log`; stdin is closed. */
export function startProcess(
  runDir: RunDir,
  options: { name: string; command: string; args: readonly string[]; cwd?: string; env?: NodeJS.ProcessEnv },
): LabProcess {
  const log = openSync(join(runDir.path, `${options.name}.log`), 'a');
  const child = spawn(options.command, options.args, {
    cwd: options.cwd ?? runDir.path,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`could not start ${options.command}`);
  const pid = child.pid;
  appendFileSync(join(runDir.path, 'pids'), `${identity(pid) ?? String(pid)}\n`);
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    name: options.name,
    pid,
    exited,
    signal: (name) => {
      child.kill(name);
    },
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 2000);
      await exited;
      clearTimeout(hard);
    },
  };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

/** Asks `probe` every 20 ms until it is true; throws with `what` when `timeoutMs` has passed. */
export async function waitUntil(
  what: string,
  probe: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`timed out after ${String(timeoutMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function removeAbandonedLabs(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const owner = read(join(path, 'owner'));
    if (owner === undefined || isAlive(owner)) continue;
    for (const line of (read(join(path, 'pids')) ?? '').split('\n')) {
      if (line !== '' && isAlive(line)) kill(Number(line.split(' ')[0]));
    }
    rmSync(path, { recursive: true, force: true });
  }
}

/** `PID STARTTIME` of a live process: the start time tells it from a later process with the same pid. */
function identity(pid: number): string | undefined {
  const stat = read(`/proc/${String(pid)}/stat`);
  const startedAt = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return startedAt === undefined ? undefined : `${String(pid)} ${startedAt}`;
}

function isAlive(line: string): boolean {
  return identity(Number(line.split(' ')[0])) === line.trim();
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
