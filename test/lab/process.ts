import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One real server or client process of a lab. */
export interface LabProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the exit code (or signal name) when the process is gone. */
  readonly exited: Promise<number | string>;
  /** Sends a signal: `SIGKILL` for crash tests, `SIGCONT` after `freeze`. */
  signal(name: NodeJS.Signals): void;
  /** Sends SIGSTOP, and returns when no thread of it runs any more: on a busy machine one could answer a request that comes after the signal. */
  freeze(): void;
  /** Frozen by SIGSTOP, whoever sent it. */
  isStopped(): boolean;
  /** SIGTERM, then SIGKILL after two seconds; resolves when it is gone. */
  stop(): Promise<void>;
}

/** A scratch folder of one lab. It names its owner and every process, so that the next start can clean up after `kill -9`. */
export interface RunDir {
  readonly path: string;
  /** Makes and returns a folder inside. */
  folder(name: string): string;
  /** Kills what still runs in it, at once, and removes the folder. Stop the processes first where a quiet end matters. */
  remove(): void;
}

const PREFIX = 'sluice-lab-';

/** Processes that run beside each other have pids near each other, so each has ports of its own. */
const PORTS_EACH = 1000;
const firstPort = 10_000 + (process.pid % 22) * PORTS_EACH;
let nextPort = Math.floor(Math.random() * PORTS_EACH);

/** Makes the scratch folder of a new lab, and first removes what labs left behind whose owner is gone. */
export function makeRunDir(): RunDir {
  removeAbandonedLabs();
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  // Renamed into place: a lab that starts beside this one must never see an empty owner, and take it for a dead one.
  writeFileSync(join(path, 'owner.new'), identity(process.pid) ?? '');
  renameSync(join(path, 'owner.new'), join(path, 'owner'));
  return {
    path,
    folder: (name) => {
      const inner = join(path, name);
      mkdirSync(inner, { recursive: true, mode: 0o700 });
      return inner;
    },
    remove: () => {
      removeWithProcesses(path);
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
  // Without a listener a program that is not there would end this process; `exited` and the line below tell of it.
  child.once('error', () => undefined);
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
    freeze: () => {
      child.kill('SIGSTOP');
      const moment = new Int32Array(new SharedArrayBuffer(4));
      for (let tries = 0; !everyThreadStands(pid); tries++) {
        if (tries > 5000) throw new Error(`${options.name} does not stand still`);
        Atomics.wait(moment, 0, 0, 1);
      }
    },
    isStopped: () => statusFields(pid)?.[0] === 'T',
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 2000);
      await exited;
      clearTimeout(hard);
    },
  };
}

/**
 * A TCP port of 127.0.0.1 that is free, and that nobody else is given: not twice by one process, and not by the kernel to an outgoing connection (Linux takes
 * those from 32768 on). So it is still free when its server comes back after it was killed.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS_EACH; tries++) {
    const port = firstPort + (nextPort++ % PORTS_EACH);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port from ${String(firstPort)} on`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Asks `probe` every 20 ms until it is true; throws with `what` when `timeoutMs` has passed. */
export async function waitUntil(
  what: string,
  probe: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
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
    removeWithProcesses(path);
  }
}

function removeWithProcesses(path: string): void {
  for (const line of (read(join(path, 'pids')) ?? '').split('\n')) {
    if (line !== '' && isAlive(line)) kill(Number(line.split(' ')[0]));
  }
  // A process that dies may still make a file while the folder is being emptied.
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** `PID STARTTIME` of a live process: the start time tells it from a later process with the same pid. A zombie is not alive. */
function identity(pid: number): string | undefined {
  const fields = statusFields(pid);
  const startedAt = fields?.[19];
  return startedAt === undefined || fields?.[0] === 'Z' ? undefined : `${String(pid)} ${startedAt}`;
}

/** Also true of a process that has ended. */
function everyThreadStands(pid: number): boolean {
  const folder = `/proc/${String(pid)}/task`;
  return threadsOf(folder).every((thread) => {
    const state = statusFields(pid, `${folder}/${thread}`)?.[0];
    return state === undefined || 'TZX'.includes(state);
  });
}

function threadsOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What the kernel tells of a process or of a thread, from its state on (proc(5), stat). The name before it may contain spaces. */
function statusFields(pid: number, folder = `/proc/${String(pid)}`): readonly string[] | undefined {
  const stat = read(`${folder}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
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
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Absent, or its process ended, or another lab was quicker to clean it up.
    return undefined;
  }
}
