import type { Stats } from 'node:fs';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../core/problem.ts';

/**
 * A file that Sluice believes. `plain`: nobody else may write it. `secret`: nor may everybody read it; a group may.
 * `own`: only its owner may even read it.
 */
export interface TrustedFile {
  readonly path: string;
  readonly kind: 'plain' | 'secret' | 'own';
}

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
const READABLE_BY_GROUP = 0o040;
const READABLE_BY_ALL = 0o004;
const STICKY = 0o1000;

/**
 * What is wrong with the modes of files, and of the folders they lie in: who may write a folder may replace its files,
 * unless it is sticky like /tmp. Files that are not there are passed over.
 *
 * A group counts as "others", but for root's and for the owner's own group, which has the number of the owner: with the
 * usual umask 002 a fresh clone is writable by that one.
 */
export function fileModeProblems(files: readonly TrustedFile[]): readonly Problem[] {
  const folders = new Set(files.map(({ path }) => dirname(path)));
  return [
    ...files.flatMap(({ path, kind }) => problemOfFile(path, kind)),
    ...[...folders].flatMap((folder) => problemOfFolder(folder)),
  ];
}

/**
 * What is wrong with the modes of the program: whoever may write a command file may run anything as Sluice. Of the
 * packages only their folder is looked at.
 *
 * @param root the folder with `src` and `commands`: the package, or its `dist`.
 */
export function codeModeProblems(
  root = fileURLToPath(new URL('../..', import.meta.url)),
): readonly Problem[] {
  const trees = [join(root, 'src'), join(root, 'commands')].filter((folder) => existsSync(folder));
  const packages = [join(root, 'node_modules'), join(root, '..', 'node_modules')].filter((folder) =>
    existsSync(folder),
  );
  const files = trees.flatMap((folder) => [
    folder,
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ]);
  const bad = [root, ...packages.slice(0, 1), ...files].filter((path) => isWritableByOthers(statOf(path)));
  const [first] = bad;
  if (first === undefined) return [];
  return [
    {
      path: first,
      text: `${writableText(first)}${bad.length > 1 ? ` (${String(bad.length)} paths of the program are so: chmod -R go-w ${root})` : ''}`,
    },
  ];
}

function problemOfFile(path: string, kind: TrustedFile['kind']): readonly Problem[] {
  const stat = statOf(path);
  if (stat === undefined) return [];
  if (isWritableByOthers(stat)) return [{ path, text: writableText(path) }];
  const mayRead =
    kind === 'plain' ? 0 : kind === 'secret' ? READABLE_BY_ALL : READABLE_BY_ALL | READABLE_BY_GROUP;
  if ((stat.mode & mayRead) === 0) return [];
  return [{ path, text: `others may read this secret (mode ${modeText(stat)}). Type: chmod 600 ${path}` }];
}

function problemOfFolder(path: string): readonly Problem[] {
  const stat = statOf(path);
  if (stat === undefined || (stat.mode & STICKY) !== 0 || !isWritableByOthers(stat)) return [];
  return [{ path, text: writableText(path) }];
}

function writableText(path: string): string {
  return `others may write it (mode ${modeText(statOf(path))}). Type: chmod go-w ${path}`;
}

function isWritableByOthers(stat: Stats | undefined): boolean {
  if (stat === undefined) return false;
  const isForeignGroup = stat.gid !== 0 && stat.gid !== stat.uid;
  return (stat.mode & WRITABLE_BY_ALL) !== 0 || (isForeignGroup && (stat.mode & WRITABLE_BY_GROUP) !== 0);
}

function modeText(stat: Stats | undefined): string {
  return ((stat?.mode ?? 0) & 0o7777).toString(8).padStart(4, '0');
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
