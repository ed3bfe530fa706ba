import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '6.1.0';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
const DATA = fileURLToPath(new URL('conftool-data', import.meta.url));
const PIP_TRIES = 3;

/** What a program said and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The real confctl, installed into a venv below node_modules when it is not there yet.
 *
 * @returns the path of the program. @throws when pip cannot install it.
 */
export async function ensureConfctl(): Promise<string> {
  const venv = join(CACHE, `confctl-${VERSION}`);
  const program = join(venv, 'bin', 'confctl');
  if (existsSync(join(venv, 'complete'))) return program;
  mkdirSync(CACHE, { recursive: true });
  // A venv knows its own path, so it is made in place; whoever holds the lock makes it, others wait.
  const lock = `${venv}.lock`;
  if (!takeLock(lock)) return waitForOther(lock);
  try {
    // Between the look and the lock another may have finished it, and be running it.
    if (existsSync(join(venv, 'complete'))) return program;
    rmSync(venv, { recursive: true, force: true });
    await mustRun('python3', ['-m', 'venv', venv]);
    for (let tries = 1; ; tries++) {
      const pip = await run(join(venv, 'bin', 'pip'), [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        `conftool==${VERSION}`,
      ]);
      if (pip.code === 0) break;
      if (tries === PIP_TRIES) throw new Error(`pip could not install conftool ${VERSION}:\n${pip.stderr}`);
    }
    writeFileSync(join(venv, 'complete.new'), '');
    renameSync(join(venv, 'complete.new'), join(venv, 'complete'));
  } finally {
    rmSync(lock, { force: true });
  }
  return program;
}

/** Runs the real confctl against an etcd. It announces nothing: the lab's channel is for Sluice. `actor` is who its audit line names. */
export function runConfctl(
  etcdUrl: string,
  args: readonly string[],
  options: { readonly stdin?: string; readonly actor?: string } = {},
): Promise<Ran> {
  return runAgainst(etcdUrl, 'confctl', ['--quiet', ...args], options);
}

/** Runs the real conftool-sync: it makes every object of the lab's conftool data that is not there, one after the other. */
export function runConftoolSync(etcdUrl: string): Promise<Ran> {
  return runAgainst(etcdUrl, 'conftool-sync', ['--directory', DATA], {});
}

async function runAgainst(
  etcdUrl: string,
  name: 'confctl' | 'conftool-sync',
  args: readonly string[],
  { stdin, actor = 'lab' }: { readonly stdin?: string; readonly actor?: string },
): Promise<Ran> {
  const program = join(dirname(await ensureConfctl()), name);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-confctl-'));
  try {
    const { hostname, port, protocol } = new URL(etcdUrl);
    const etcdrc = join(folder, 'etcdrc');
    writeFileSync(etcdrc, `host: ${hostname}\nport: ${port}\nprotocol: ${protocol.replace(':', '')}\n`);
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      `driver: etcd\nnamespace: /conftool\napi_version: v1\ndriver_options: {etcd_config_file: ${etcdrc}}\n`,
    );
    const env = { ...process.env, USER: actor, HOME: folder };
    const common = ['--config', config, '--schema', join(DATA, 'schema.yaml')];
    return await run(program, [...common, ...args], { env, ...(stdin === undefined ? {} : { stdin }) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end. */
function run(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

async function mustRun(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stderr}`);
}

/** The lock is a file that names its holder, so that one who was killed holds nobody up. */
function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

async function waitForOther(lock: string): Promise<string> {
  while (existsSync(lock)) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (!isHeld(lock)) rmSync(lock, { force: true });
  }
  return ensureConfctl();
}

function isHeld(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}
