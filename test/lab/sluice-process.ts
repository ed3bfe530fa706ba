import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabProcess, RunDir } from './process.ts';
import { startProcess, waitUntil } from './process.ts';

/** Sluice itself, as a process of the lab. */
export interface SluiceProcess {
  readonly process: LabProcess;
  /** False from the moment that its end was noticed. */
  isRunning(): boolean;
  /** Resolves at the JSON line with `"msg":"ready"`; rejects with the end of the log when Sluice ends before, or after 30 s. */
  readonly ready: Promise<void>;
  /** Where its output goes, one file a start. */
  readonly logFile: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 30_000;

/**
 * Starts Sluice: the build when it is newer than every source file, else the sources through tsx.
 *
 * @param options.name names the log file; must be new in this run directory.
 * @param options.root another tree than ours: of sources, for one that is broken on purpose, or a build that is installed.
 */
export function startSluiceProcess(
  runDir: RunDir,
  options: {
    name: string;
    configFile: string;
    env?: NodeJS.ProcessEnv;
    args?: readonly string[];
    root?: string;
  },
): SluiceProcess {
  const { root = ROOT } = options;
  const hasSources = existsSync(join(root, 'src'));
  const program =
    !hasSources || (root === ROOT && isBuildFresh())
      ? ['dist/src/main.js']
      : ['--import', 'tsx', 'src/main.ts'];
  const sluice = startProcess(runDir, {
    name: options.name,
    command: process.execPath,
    args: [...program, '--config', options.configFile, ...(options.args ?? [])],
    cwd: root,
    // What jest wants of Node is not what Sluice is run with.
    env: { ...process.env, NODE_OPTIONS: undefined, ...options.env },
  });
  const logFile = join(runDir.path, `${options.name}.log`);
  let ended: number | string | undefined;
  void sluice.exited.then((how) => {
    ended = how;
  });
  const ready = waitForReady(logFile, () => ended);
  // Whoever does not wait for it, a crash test for one, must not be ended by it.
  ready.catch(() => undefined);
  return { process: sluice, isRunning: () => ended === undefined, ready, logFile };
}

async function waitForReady(logFile: string, how: () => number | string | undefined): Promise<void> {
  await waitUntil(
    'Sluice is ready',
    () => {
      const log = readFileSync(logFile, 'utf8');
      if (/"msg":\s*"ready"/.test(log)) return true;
      const ended = how();
      if (ended === undefined) return false;
      throw new Error(`Sluice ended (${String(ended)}) before it was ready:\n${lastLines(log)}`);
    },
    READY_WITHIN_MS,
  );
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-25).join('\n');
}

function isBuildFresh(): boolean {
  const built = join(ROOT, 'dist/src/main.js');
  if (!existsSync(built)) return false;
  const sources = ['src', 'commands'].map((folder) => join(ROOT, folder));
  return Math.max(...sources.map(newestIn)) < statSync(built).mtimeMs;
}

/** When anything below the folder last changed, in ms since 1970. Folders count: a removed file leaves no other trace. */
function newestIn(folder: string): number {
  const inner = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(
    ...[folder, ...inner.map((name) => join(folder, name))].map((path) => statSync(path).mtimeMs),
  );
}
