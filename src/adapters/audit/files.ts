import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
