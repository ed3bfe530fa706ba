import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAULT_POINTS, noFaultPoints } from '../../src/core/fault-point.ts';
import { armFaultPoints } from '../../src/observe/fault-points.ts';
import { waitUntil } from '../lab/process.ts';

const ROOT = new URL('../../', import.meta.url);

let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-fault-'));
});

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(folder, { recursive: true });
});

/** A process that passes `after-intent` three times, saying so, then `after-write`. */
function pass(spec: string): {
  readonly said: () => string;
  readonly ended: Promise<number | string | null>;
} {
  const program = `
    import { armFaultPoints } from ${JSON.stringify(new URL('src/observe/fault-points.ts', ROOT).href)};
    const points = armFaultPoints(${JSON.stringify(spec)});
    for (const point of ['after-intent', 'after-intent', 'after-intent', 'after-write']) {
      await points(point);
      console.log('past ' + point);
    }
  `;
  const started = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  let said = '';
  started.stdout.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise<number | string | null>((resolve) => {
    started.once('close', (code, signal) => {
      resolve(signal ?? code);
    });
  });
  return { said: () => said, ended };
}

test('nothing armed costs a call and gives nothing to wait for', () => {
  expect(armFaultPoints(undefined)).toBe(noFaultPoints);
  expect(noFaultPoints('after-intent')).toBeUndefined();
  expect(armFaultPoints('after-write=kill')('after-intent')).toBeUndefined();
});

test('kill ends the process right there', async () => {
  const { said, ended } = pass('after-intent=kill');
  expect(await ended).toBe('SIGKILL');
  expect(said()).toBe('');
});

test('a number chooses the pass', async () => {
  const { said, ended } = pass('after-intent=kill:3');
  expect(await ended).toBe('SIGKILL');
  expect(said()).toBe('past after-intent\n'.repeat(2));
});

test('stop freezes it until SIGCONT, once', async () => {
  const { said, ended } = pass('after-intent=stop:2');
  const pid = String(child?.pid);
  await waitUntil('it is stopped', () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T '));
  expect(said()).toBe('past after-intent\n');
  child?.kill('SIGCONT');
  expect(await ended).toBe(0);
  expect(said()).toBe(`${'past after-intent\n'.repeat(3)}past after-write\n`);
});

test('wait goes on when the file is there', async () => {
  const file = join(folder, 'go');
  const { said, ended } = pass(`after-intent=wait:${file};after-write=kill`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(said()).toBe('');
  writeFileSync(file, '');
  expect(await ended).toBe('SIGKILL');
  expect(said()).toBe('past after-intent\n'.repeat(3));
});

test.each([
  '',
  'after-intent',
  'after-lunch=kill',
  'after-intent=explode',
  'after-intent=kill:0',
  'after-intent=wait:go',
])('what arms nothing is refused: %p', (spec) => {
  expect(() => armFaultPoints(spec)).toThrow('not a fault point and action');
});

describe('each fault point', () => {
  const sources = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('core/fault-point.ts'))
    .map((name) => ({ name, text: readFileSync(new URL(`src/${name}`, ROOT), 'utf8') }));

  test.each(FAULT_POINTS)(
    '%s is passed where objects are written and where a number is, each in one place',
    (point) => {
      const places = sources.filter(({ text }) => text.includes(`'${point}'`)).map(({ name }) => name);
      const once = sources.every(({ text }) => text.split(`'${point}'`).length <= 2);
      expect(once).toBe(true);
      expect(places.filter((name) => !name.startsWith('app/scale/'))).toHaveLength(1);
    },
  );
});
