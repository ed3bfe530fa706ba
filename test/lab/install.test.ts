import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const INSTALL = fileURLToPath(new URL('install.mjs', import.meta.url));
const ROOT_ID = 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-install-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('says nothing and ends well where all is installed', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [INSTALL], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('installs exactly what is missing, without recommended packages and without questions', () => {
  pretendAptGet(`echo "$DEBIAN_FRONTEND $*" >> ${folder}/calls`);
  const { status, stderr } = installAs(ROOT_ID);
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(/^sluice: installing redis-server, etcd-server, .*\n$/),
  });
  const [update, ...rest] = calls();
  expect(update).toMatch(/^noninteractive update /);
  expect(rest).toEqual([
    expect.stringMatching(
      /^noninteractive install -y -q --no-install-recommends .* redis-server etcd-server/,
    ),
  ]);
});

test('no service starts while packages are installed, and the policy that says so goes afterwards', () => {
  pretendAptGet(`while read line; do echo "$line"; done < ${folder}/policy-rc.d >> ${folder}/calls`);
  expect(installAs(ROOT_ID).status).toBe(0);
  expect(calls()).toContain('exit 101');
  expect(existsSync(join(folder, 'policy-rc.d'))).toBe(false);
});

test('a policy that the machine has already stays as it is', () => {
  pretendAptGet('exit 0');
  writeFileSync(join(folder, 'policy-rc.d'), 'of the machine');
  expect(installAs(ROOT_ID).status).toBe(0);
  expect(readFileSync(join(folder, 'policy-rc.d'), 'utf8')).toBe('of the machine');
});

test('a hiccup of the package server is tried again', () => {
  pretendAptGet(`if [ ! -f ${folder}/calls ]; then echo x > ${folder}/calls; exit 100; fi`);
  const { status, stderr } = installAs(ROOT_ID);
  expect(status).toBe(0);
  expect(stderr).toContain('apt-get failed, trying again');
});

test('without rights it names the command to type, once, and runs nothing', () => {
  pretendAptGet(`echo x >> ${folder}/calls`);
  const { status, stderr } = installAs(65_534);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^sluice: Please type: sudo apt-get update && sudo apt-get install -y [^\n]+\n$/);
  expect(existsSync(join(folder, 'calls'))).toBe(false);
});

/** Runs the installer where no program is there but the pretended one and what /usr/sbin has, for that user. */
function installAs(userId: number): { status: number | null; stderr: string } {
  const script = [
    `process.getuid = () => ${String(userId)};`,
    `const { install } = await import(${JSON.stringify(INSTALL)});`,
    `await install({ policyFile: ${JSON.stringify(join(folder, 'policy-rc.d'))} });`,
  ].join('\n');
  const options = { encoding: 'utf8', env: { PATH: folder } } as const;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], options);
}

function pretendAptGet(script: string): void {
  writeFileSync(join(folder, 'apt-get'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'apt-get'), 0o755);
}

function calls(): readonly string[] {
  return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
}
