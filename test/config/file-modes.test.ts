import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeModeProblems, fileModeProblems } from '../../src/config/file-modes.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-modes-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function make(name: string, mode: number): string {
  const path = join(root, name);
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

test('a secret may be read by a group, a signing key by nobody else', () => {
  const path = make('secret', 0o640);
  expect(fileModeProblems([{ path, kind: 'secret' }])).toEqual([]);
  expect(fileModeProblems([{ path, kind: 'own' }])).toHaveLength(1);
});

test('who may write the folder may replace the file', () => {
  const path = make('plain', 0o644);
  chmodSync(root, 0o777);
  expect(fileModeProblems([{ path, kind: 'plain' }])).toEqual([
    { path: root, text: `others may write it (mode 0777). Type: chmod go-w ${root}` },
  ]);
  chmodSync(root, 0o1777);
  expect(fileModeProblems([{ path, kind: 'plain' }])).toEqual([]);
});

test('a file that is not there is passed over, and its folder is looked at', () => {
  expect(fileModeProblems([{ path: join(root, 'absent'), kind: 'own' }])).toEqual([]);
  chmodSync(root, 0o777);
  expect(fileModeProblems([{ path: join(root, 'absent'), kind: 'own' }])).toHaveLength(1);
});

test("a group that is root's or the owner's own counts as nobody else; only root can try the others", () => {
  const path = make('plain', 0o664);
  const { uid, gid } = statSync(path);
  const isOwn = gid === 0 || gid === uid;
  expect(fileModeProblems([{ path, kind: 'plain' }])).toHaveLength(isOwn ? 0 : 1);
  if (process.getuid?.() !== 0) return;
  chownSync(path, 1000, 1000);
  expect(fileModeProblems([{ path, kind: 'plain' }])).toEqual([]);
  chownSync(path, 1000, 50);
  expect(fileModeProblems([{ path, kind: 'plain' }])).toHaveLength(1);
});

test('one command file that others may write is named', () => {
  mkdirSync(join(root, 'commands'));
  mkdirSync(join(root, 'src/core'), { recursive: true });
  make('src/core/plan.ts', 0o644);
  expect(codeModeProblems(root)).toEqual([]);
  const path = make('commands/pool.ts', 0o646);
  expect(codeModeProblems(root)).toEqual([
    { path, text: `others may write it (mode 0646). Type: chmod go-w ${path}` },
  ]);
  chmodSync(join(root, 'src'), 0o777);
  expect(codeModeProblems(root)[0]?.text).toContain(`2 paths of the program are so: chmod -R go-w ${root}`);
});

test('the program that runs this test is written by nobody else', () => {
  expect(codeModeProblems()).toEqual([]);
});
