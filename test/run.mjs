// `npm test`: installs what is missing, runs jest with the arguments given, and ends with the line `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { install } from './lab/install.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');
const NODE_OPTIONS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const STOP_WAIT_MS = 5000;
/** So long jest may take to end after it has written its result. A test that fails half way leaves connections that are tried for ever. */
const END_WAIT_MS = 30_000;

await install();
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
const resultFile = join(folder, 'result.json');
const given = process.argv.slice(2);
const status = await runJest([...given, '--json', `--outputFile=${resultFile}`]);
const { passed, failed } = count(readResult(resultFile), given);
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = status === 0 && failed === 0 && passed > 0 ? 0 : status || 1;

/** Jest and what its tests start are one process group: a signal reaches all of it, and none of it outlives this. */
async function runJest(args) {
  const nodeOptions = [process.env.NODE_OPTIONS ?? '', ...NODE_OPTIONS].join(' ').trim();
  const child = spawn(process.execPath, [JEST, ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
    // With --json the report is on stderr; stdout would only name the result file.
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const toGroup = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      toGroup(signal);
      setTimeout(toGroup, STOP_WAIT_MS, 'SIGKILL').unref();
    });
  }
  let endsAt;
  const watch = setInterval(() => {
    if (endsAt === undefined && readResult(resultFile) !== undefined) endsAt = Date.now() + END_WAIT_MS;
    if (endsAt === undefined || Date.now() < endsAt) return;
    console.error('sluice: jest did not end by itself');
    toGroup('SIGKILL');
  }, 1000);
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  clearInterval(watch);
  toGroup('SIGKILL');
  return code;
}

/**
 * Counts what jest wrote. A suite that did not run is a failure, and so is a skipped or planned test: the house has
 * none. Only with a name pattern are skipped tests those that were not asked for.
 */
function count(result, args) {
  if (result === undefined) return { passed: 0, failed: 1 };
  const isFiltered = args.some((arg) => /^(-t|--testNamePattern)/.test(arg));
  const skipped = isFiltered ? 0 : result.numPendingTests + result.numTodoTests;
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites + skipped,
  };
}

function readResult(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
