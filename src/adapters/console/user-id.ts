import { execFileSync } from 'node:child_process';

/** The id of a Unix user; undefined when the host has none of that name. */
export function userId(name: string): number | undefined {
  try {
    return Number(
      execFileSync('id', ['-u', '--', name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim(),
    );
  } catch {
    return undefined;
  }
}
