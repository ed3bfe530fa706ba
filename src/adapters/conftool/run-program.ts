import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

/** What to run. Nothing of it goes through a shell. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds after which it is killed, with whatever it has started. */
  readonly timeoutMs: number;
}

/** How it ended. */
export type ProgramEnd =
  /** It never ran. */
  | { readonly kind: 'not-started'; readonly cause: string }
  /** `lastLine` of its stderr, for people. */
  | { readonly kind: 'exited'; readonly code: number; readonly lastLine: string }
  /** By us, when its time was over, or by somebody else. */
  | { readonly kind: 'killed'; readonly cause: string };

/** Enough of stderr for its last line. */
const MOST_CHARACTERS = 16_384;
/** A killed process is gone at once; one that the kernel holds is not waited for. */
const GRACE_MS = 500;

/** Runs a program to its end, without a terminal or an input. Never throws, always ends within `timeoutMs` and half a second. */
export function runProgram({ command, args, env, timeoutMs }: Program): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    // A group of its own: what a wrapper has started can be killed with it, and a Ctrl-C in a terminal does not reach it in the middle of a write.
    const child = spawn(command, args, {
      env,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    const timing = setTimeout(() => {
      const killed: ProgramEnd = { kind: 'killed', cause: `no end in ${String(timeoutMs)} ms` };
      const waiting = setTimeout(resolve, GRACE_MS, killed);
      child.once('exit', () => {
        clearTimeout(waiting);
        resolve(killed);
      });
      killGroup(child);
      child.stderr.destroy();
    }, timeoutMs);
    const end = (how: ProgramEnd): void => {
      clearTimeout(timing);
      resolve(how);
    };
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => (stderr = (stderr + text).slice(-MOST_CHARACTERS)));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) end({ kind: 'not-started', cause: error.code ?? error.message });
    });
    child.once('close', (code, signal) => {
      if (code === null) end({ kind: 'killed', cause: `ended by ${signal ?? 'a signal'}` });
      else end({ kind: 'exited', code, lastLine: lastLineOf(stderr) });
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}

function lastLineOf(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
