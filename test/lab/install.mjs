// Installs what a fresh clone lacks, so that `npm run lab` and `npm test` are one command. Plain JavaScript without
// packages, because it runs before there are any. Says nothing, and costs a few file lookups, when all is there.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTEMPTS = 3;
const RETRY_PAUSE_MS = 3000;
const LOCK_WAIT_MS = 15 * 60_000;
const OUTPUT_KEPT = 20_000;
const POLICY_TEXT =
  '#!/bin/sh\n# Made by the Sluice lab while it installs packages: no service starts.\nexit 101\n';

/** Debian packages, and whether each is there. Servers live in sbin, which is often not on a user's PATH. */
const PACKAGES = [
  { name: 'redis-server', isThere: () => hasProgram('redis-server') },
  { name: 'etcd-server', isThere: () => hasProgram('etcd') },
  { name: 'inspircd', isThere: () => hasProgram('inspircd') },
  { name: 'atheme-services', isThere: () => hasProgram('atheme-services') },
  { name: 'haproxy', isThere: () => hasProgram('haproxy') },
  { name: 'prometheus', isThere: () => hasProgram('prometheus') },
  { name: 'openssl', isThere: () => hasProgram('openssl') },
  { name: 'python3-venv', isThere: () => hasProgram('python3') && hasEnsurepip() },
];

/**
 * Installs npm packages and servers that are missing. Two at once are safe: the second waits, then finds all done.
 * Ends the process with status 1 and one line of advice when it cannot.
 *
 * @param {{policyFile?: string}} options policyFile: where Debian looks whether a package may start its service.
 */
export async function install({ policyFile = '/usr/sbin/policy-rc.d' } = {}) {
  if (isComplete()) return;
  const advice = adviceWithoutRights(missingPackages());
  if (advice !== undefined) giveUp(advice);
  const unlock = await lock();
  try {
    // Looked at again: the one who held the lock may have installed it all.
    const results = await Promise.allSettled([
      installNpmPackages(),
      installServers(missingPackages(), policyFile),
    ]);
    const failures = results
      .filter(({ status }) => status === 'rejected')
      .map(({ reason }) => reason.message);
    if (failures.length > 0) giveUp(failures.join('\n'));
  } finally {
    unlock();
  }
}

function isComplete() {
  return npmIsCurrent() && missingPackages().length === 0;
}

/** npm writes node_modules/.package-lock.json last: an interrupted install has none. */
function npmIsCurrent() {
  const installedAt = modifiedAt(join(ROOT, 'node_modules/.package-lock.json'));
  return installedAt !== undefined && installedAt >= (modifiedAt(join(ROOT, 'package-lock.json')) ?? 0);
}

function missingPackages() {
  return PACKAGES.filter(({ isThere }) => !isThere()).map(({ name }) => name);
}

function adviceWithoutRights(packages) {
  if (packages.length === 0) return undefined;
  if (!hasProgram('apt-get'))
    return `Please install with your system's package manager: ${packages.join(', ')}`;
  if (process.getuid?.() === 0) return undefined;
  return `Please type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

async function installNpmPackages() {
  if (npmIsCurrent()) return;
  say('installing npm packages');
  const options = ['--include=dev', '--no-progress', '--loglevel=error'];
  await retry('npm ci', async () => {
    try {
      await run('npm', ['ci', ...options]);
    } catch (error) {
      if (!lacksOnlyForeignBinaries(error.message)) throw error;
      await run('npm', ['install', '--no-save', ...options]);
    }
  });
}

/**
 * Whether all that `npm ci` objects to are optional binaries of other platforms that neither the lock nor the registry
 * knows: npm names them without a version. The packages of this platform are in the lock, and installed as locked.
 */
function lacksOnlyForeignBinaries(output) {
  const complaints = output.match(/(Missing|Invalid): .*/g) ?? [];
  return complaints.length > 0 && complaints.every((line) => /^Missing: \S+@ from lock file/.test(line));
}

async function installServers(packages, policyFile) {
  if (packages.length === 0) return;
  say(`installing ${packages.join(', ')}`);
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withoutServiceStarts(policyFile, () =>
    retry('apt-get', async () => {
      await run('apt-get', ['update', '-q', ...wait], env);
      await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...wait, ...packages], env);
    }),
  );
}

/** Debian packages start their services when they are installed, unless this policy says no. A policy of the machine stays as it is. */
async function withoutServiceStarts(policyFile, work) {
  const isOurs = !existsSync(policyFile) || readFileSync(policyFile, 'utf8') === POLICY_TEXT;
  if (!isOurs) return work();
  const remove = () => rmSync(policyFile, { force: true });
  const removeAndDie = (signal) => {
    remove();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', removeAndDie).once('SIGTERM', removeAndDie);
  writeFileSync(policyFile, POLICY_TEXT, { mode: 0o755 });
  try {
    return await work();
  } finally {
    remove();
    process.off('SIGINT', removeAndDie).off('SIGTERM', removeAndDie);
  }
}

/** Package servers have bad moments: tries three times, then fails with what the program said. */
async function retry(what, work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      say(`${what} failed, trying again`);
      await pause(RETRY_PAUSE_MS);
    }
  }
}

/** Runs a program silently; rejects with its output and command line when it fails. */
function run(program, args, env = process.env) {
  return new Promise((resolve, reject) => {
    let output = '';
    const keep = (chunk) => {
      output = (output + String(chunk)).slice(-OUTPUT_KEPT);
    };
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => reject(new Error(`${program}: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${output.trim()}\nfailed: ${program} ${args.join(' ')}`));
    });
  });
}

/**
 * One installation at a time. The lock is a name in the kernel, not a file: it ends with its process, however that ends.
 *
 * @returns the function that releases it.
 */
async function lock() {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let said = false; ; said = true) {
    const server = await listen(`\0sluice-lab-install`);
    if (server !== undefined) return () => server.close();
    if (Date.now() > deadline) giveUp('another installation did not end in 15 minutes');
    if (!said) say('another installation is running, waiting for it');
    await pause(200);
  }
}

function listen(path) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(path, () => resolve(server));
  });
}

function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** Debian ships the part of venv that installs pip in a package of its own, beside the standard library. */
function hasEnsurepip() {
  for (const base of ['/usr/lib', '/usr/local/lib']) {
    const folders = existsSync(base)
      ? readdirSync(base).filter((name) => /^python3(\.\d+)?$/.test(name))
      : [];
    if (folders.some((name) => existsSync(join(base, name, 'ensurepip')))) return true;
  }
  return false;
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Words go to stderr: the last line of stdout belongs to the test counts.
function say(text) {
  process.stderr.write(`sluice: ${text}\n`);
}

function giveUp(text) {
  say(text);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await install();
