import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openAudit } from '../../../src/adapters/audit/audit.ts';
import { readAudit, verifyAudit } from '../../../src/adapters/audit/read.ts';
import type { Audit, AuditEntry } from '../../../src/ports/audit.ts';
import { value } from '../redis/store-contract.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-audit-'));
  file = join(folder, 'audit.log');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = (): Promise<Audit> => openAudit(file, () => NOW);
const lines = (): readonly string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const events = (): readonly unknown[] =>
  lines().map((line) => (JSON.parse(line) as { event: unknown }).event);

function entry(event: string, data?: unknown): AuditEntry {
  return { op: 'k7f', event, person: 'elukey', data };
}

async function write(...names: readonly string[]): Promise<void> {
  const audit = await open();
  for (const name of names) value(await audit.append(entry(name)));
  await audit.close();
}

test('a line has its number, the time, what happened, and the hash of the line before', async () => {
  await write('planned', 'approved');
  const [first, second] = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toEqual({
    seq: 1,
    at: '2026-11-20T12:00:00.000Z',
    op: 'k7f',
    event: 'planned',
    person: 'elukey',
    data: null,
    prev: '0'.repeat(64),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(second).toMatchObject({ seq: 2, prev: first?.['hash'] });
  expect(await verifyAudit(file)).toEqual({
    ok: true,
    value: { count: 2, head: second?.['hash'], found: undefined },
  });
});

test('only its owner can read it', async () => {
  await write('planned');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('the chain goes on after a restart', async () => {
  await write('planned');
  await write('approved');
  expect(events()).toEqual(['planned', 'approved']);
  expect((await verifyAudit(file)).ok).toBe(true);
});

test('lines written at once are each there, in the order they came', async () => {
  const audit = await open();
  const names = Array.from({ length: 100 }, (_, index) => `event-${String(index)}`);
  const results = await Promise.all(names.map((name) => audit.append(entry(name, { text: 'ü\n"' }))));
  expect(results.every(({ ok }) => ok)).toBe(true);
  await audit.close();
  expect(events()).toEqual(names);
  expect(await verifyAudit(file)).toMatchObject({ ok: true, value: { count: 100 } });
});

test.each<[string, (text: readonly string[]) => readonly string[], string]>([
  [
    'a changed line',
    ([a = '', b = '', c = '']) => [a, b.replace('elukey', 'jayme'), c],
    'line 2 was changed',
  ],
  ['a line left out', ([a = '', , c = '']) => [a, c], 'line 2 does not follow'],
  ['two lines exchanged', ([a = '', b = '', c = '']) => [b, a, c], 'line 1 does not follow'],
  ['the first line left out', ([, b = '', c = '']) => [b, c], 'line 1 does not follow'],
  ['a line that is no JSON', ([a = '', b = '']) => [a, b, 'rm -rf'], 'line 3 is no JSON'],
  ['a line put in', ([a = '', b = '', c = '']) => [a, b, b, c], 'line 3 does not follow'],
])('%s is found', async (_what, tamper, problem) => {
  await write('one', 'two', 'three');
  writeFileSync(file, `${tamper(lines()).join('\n')}\n`);
  expect(await verifyAudit(file)).toEqual({ ok: false, fault: expect.stringContaining(problem) });
});

test('a line that a crash left half written is cut off, and the log says so', async () => {
  await write('one', 'two');
  appendFileSync(file, '{"seq":3,"at":"2026');
  await write('three');
  expect(events()).toEqual(['one', 'two', 'repaired', 'three']);
  expect(JSON.parse(lines()[2] ?? '')).toMatchObject({ data: { cutBytes: 19 } });
  expect((await verifyAudit(file)).ok).toBe(true);
});

test('a log that is nothing but a torn line begins anew', async () => {
  writeFileSync(file, '{"seq":1,');
  await write('one');
  expect(events()).toEqual(['repaired', 'one']);
  expect((await verifyAudit(file)).ok).toBe(true);
});

test('a file that is none of ours is left alone', async () => {
  writeFileSync(file, '{"hello":"world"}\n');
  await expect(open()).rejects.toThrow('the last line is no audit line');
  expect(readFileSync(file, 'utf8')).toBe('{"hello":"world"}\n');
});

test('a disk that takes no more refuses with a Fault, and the chain goes on when there is room', async () => {
  await write('one');
  // The limit on file size is of the process: a child of its own meets it.
  const room = statSync(file).size + 100;
  const said = await limited(room);
  expect(said).toEqual(['audit-failed', 'audit-failed', 'ok']);
  expect(events()).toEqual(['one', 'small']);
  expect((await verifyAudit(file)).ok).toBe(true);
});

/** Appends two lines that do not fit and, after room was made, one that does; in a process that may not write beyond `bytes`. */
async function limited(bytes: number): Promise<readonly string[]> {
  const program = `
    import { openAudit } from ${JSON.stringify(new URL('../../../src/adapters/audit/audit.ts', import.meta.url).href)};
    import { spawnSync } from 'node:child_process';
    process.on('SIGXFSZ', () => {});
    const audit = await openAudit(${JSON.stringify(file)}, () => ${String(NOW)});
    const say = async (event) => {
      const result = await audit.append({ op: undefined, event, person: undefined, data: 'x'.repeat(event === 'small' ? 1 : 500) });
      console.log(result.ok ? 'ok' : result.fault.kind);
    };
    await say('big');
    await say('big');
    spawnSync('prlimit', ['--fsize=unlimited', '--pid', String(process.pid)]);
    await say('small');
    await audit.close();
  `;
  const child = spawn(
    'prlimit',
    [
      `--fsize=${String(bytes)}:unlimited`,
      process.execPath,
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return out.trim().split('\n');
}

test('a file that is full is put aside, and the chain goes on in a new one, also across restarts', async () => {
  const told: string[] = [];
  const onLine = (line: string): void => void told.push(line);
  let audit = await openAudit(file, () => 0, { mostBytes: 600, onLine });
  for (let index = 0; index < 5; index++) await audit.append(entry('queued', { index }));
  const { seq, hash } = audit.head();
  await audit.close();
  audit = await openAudit(file, () => 0, { mostBytes: 600, onLine });
  expect(audit.head()).toEqual({ seq, hash });
  for (let index = 5; index < 9; index++) await audit.append(entry('queued', { index }));
  await audit.close();
  const files = readdirSync(dirname(file)).filter((name) => name.startsWith('audit.log'));
  expect(files.length).toBeGreaterThan(2);
  expect(await verifyAudit(file, hash)).toMatchObject({ ok: true, value: { count: 9, found: 5 } });
  expect((await readAudit(dirname(file))).map(({ data }) => data)).toEqual(
    Array.from({ length: 9 }, (_, index) => ({ index })),
  );
  expect(told).toHaveLength(9);
  // A file in the middle that is gone is missed.
  const [, second = ''] = files.sort().filter((name) => name !== 'audit.log');
  rmSync(join(dirname(file), second));
  expect(await verifyAudit(file)).toMatchObject({
    ok: false,
    fault: expect.stringContaining('does not follow the line before it'),
  });
});

test('put aside a moment before a crash: the empty file goes on where the old one ended', async () => {
  let audit = await openAudit(file, () => 0);
  await audit.append(entry('queued', {}));
  const { hash } = audit.head();
  await audit.close();
  renameSync(file, `${file}.000000000001`);
  audit = await openAudit(file, () => 0);
  await audit.append(entry('done', {}));
  await audit.close();
  expect(await verifyAudit(file, hash)).toMatchObject({ ok: true, value: { count: 2, found: 1 } });
});
