import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** `audit.log`, `audit.2.log`, ...: one for each process that wrote to the directory at the same time. */
export function logName(number: number): string {
  return number === 1 ? 'audit.log' : `audit.${String(number)}.log`;
}

/** Every log of a state directory, the first one first; also when all that there is of it was put aside. */
export async function logsOf(stateDir: string): Promise<readonly string[]> {
  const names = await readdir(stateDir).catch(() => []);
  const numbers = names.flatMap((name) => {
    const match = /^audit(?:\.(\d{1,2}))?\.log(?:\.\d{12})?$/.exec(name);
    return match === null ? [] : [Number(match[1] ?? 1)];
  });
  return [...new Set(numbers)].sort((a, b) => a - b).map((number) => join(stateDir, logName(number)));
}

/** Under which name a full file is put aside: with the number of its last line. */
export function rotatedName(file: string, lastSeq: number): string {
  return `${file}.${String(lastSeq).padStart(12, '0')}`;
}

/** Files that were put aside, oldest first. */
export async function rotatedFiles(file: string): Promise<readonly string[]> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => []);
  const prefix = `${basename(file)}.`;
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{12}$/.test(name.slice(prefix.length)))
    .sort()
    .map((name) => join(folder, name));
}

/** The whole of one log, oldest file first. */
export async function partsOf(file: string): Promise<readonly string[]> {
  return [...(await rotatedFiles(file)), ...(existsSync(file) ? [file] : [])];
}
