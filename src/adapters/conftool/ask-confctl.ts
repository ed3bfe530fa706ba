import { execFile } from 'node:child_process';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { readThrown } from '../../core/thrown.ts';

/** Whether confctl is there and starts. @returns what it says of its version, else why not. */
export function askConfctl(command: string, timeoutMs: number): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    execFile(command, ['--version'], { timeout: timeoutMs }, (error, stdout) => {
      resolve(error === null ? ok(stdout.trim()) : fail(readThrown(error).code ?? readThrown(error).message));
    });
  });
}
