import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs `sluice WORDS --config FILE` as an operator does beside a running one. Never throws: the code tells. */
export async function runSluiceTool(
  configFile: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  const args = ['--import', 'tsx', 'src/main.ts', ...words, '--config', configFile];
  try {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout } = await run(process.execPath, args, { env, timeout: 60_000 });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: `${stdout}${stderr}` };
  }
}
