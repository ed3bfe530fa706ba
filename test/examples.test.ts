import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { loadConfig, loadPeople, loadPolicy } from '../src/config.ts';
import type { ConfigFolder } from './config/build.ts';
import { makeConfigFolder } from './config/build.ts';

let folder: ConfigFolder;

beforeEach(() => {
  folder = makeConfigFolder();
  for (const name of ['sluice', 'people', 'policy']) {
    copyFileSync(rootFile(`${name}.example.yaml`), join(folder.path, `${name}.yaml`));
  }
  const secrets = [
    'etcd-password',
    'slack-bot-token',
    'slack-app-token',
    'kube-eqiad.yaml',
    'kube-codfw.yaml',
  ];
  for (const name of secrets) folder.write(name, 'x');
});

afterEach(() => {
  folder.remove();
});

function rootFile(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}

test('the example configuration loads with the example people and policy', () => {
  const config = loadConfig(join(folder.path, 'sluice.yaml'), {});
  expect(config).toMatchObject({
    ok: true,
    value: {
      irc: { tls: { ca: undefined } },
      slack: { mode: { kind: 'socket' }, groups: { sre: 'S0123456' } },
      conftool: { credentials: { username: 'pool-eqiad-maps' } },
      traffic: { takeUpMs: 10_000, probes: { mode: 'require' } },
      kubernetes: {
        clusters: { eqiad: { context: 'eqiad', allowExec: false } },
        deployments: [{ name: 'kartotherian', rpsPerPod: 7.5, deadlineMs: 600_000 }],
      },
    },
  });
});

test('the example people and policy load', () => {
  expect(loadPeople(join(folder.path, 'people.yaml'))).toMatchObject({ ok: true });
  const policy = loadPolicy(join(folder.path, 'policy.yaml'));
  expect(policy.ok && policy.value.rules.map(({ approvals }) => approvals)).toEqual([0, 0, 0, 1, 0]);
});

test('what the example keeps for later is what the start refuses', () => {
  const text = readFileSync(rootFile('sluice.example.yaml'), 'utf8');
  const later = [...text.matchAll(/^# (\w+):.*# later$/gm)].map(([, name]) => name ?? '');
  expect(later).toEqual(['migrations']);
  for (const name of later) {
    const file = folder.write('sluice.yaml', parseDocument(`${text}\n${name}: {}\n`).toString());
    expect(loadConfig(file, {})).toMatchObject({
      fault: { lines: expect.arrayContaining([`${name}: not supported by this version`]) },
    });
  }
});
