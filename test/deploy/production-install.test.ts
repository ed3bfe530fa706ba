import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL_WITHIN_MS = 180_000;

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly licenses?: readonly object[];
    readonly hashes?: readonly object[];
  }[];
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

let folder: string;
let lab: Lab;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-production-'));
  lab = await startLab();
});

afterAll(async () => {
  await lab.stop();
  rmSync(folder, { recursive: true });
});

// As docs/operating.md and the Dockerfile say: what runs in production is the build and what it needs, and no package ran a script.
test(
  'Sluice runs from its build with the packages of production alone',
  async () => {
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      cpSync(join(ROOT, name), join(folder, name));
    const run = (command: string, words: readonly string[], cwd: string): string =>
      execFileSync(command, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--loglevel=error'], folder);
    run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], ROOT);
    expect(existsSync(join(folder, 'node_modules/jest'))).toBe(false);
    const sluice = lab.startSluice({ root: folder });
    await sluice.ready;
    const person = await lab.person('elukey');
    person.say(lab.channel, '!status maps1005');
    await person.waitFor(({ text }) => text.startsWith('maps1005.eqiad.wmnet: kartotherian yes/10'));
    await sluice.process.stop();
  },
  INSTALL_WITHIN_MS,
);

test('the bill of materials names every package of production with version, licence and hash, and no other', () => {
  const bill = JSON.parse(
    execFileSync('npm', ['run', '--silent', 'sbom'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as Bill;
  const versions = new Map(bill.components.map(({ name, version }) => [name, version]));
  for (const [name, version] of Object.entries(manifest.dependencies))
    expect([name, versions.get(name)]).toEqual([name, version]);
  for (const name of ['jest', 'eslint', 'typescript', 'prettier'])
    expect([name, versions.has(name)]).toEqual([name, false]);
  const without = (has: (one: Bill['components'][number]) => boolean): readonly string[] =>
    bill.components.filter((one) => !has(one)).map(({ name }) => name);
  expect(without(({ hashes = [] }) => hashes.length > 0)).toEqual([]);
  // Part of irc-framework; its authors say none in the package.
  expect(without(({ licenses = [] }) => licenses.length > 0)).toEqual(['middleware-handler']);
});
