import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config.ts';
import type { Role } from '../../src/config/role.ts';
import { parseRole } from '../../src/config/role.ts';
import type { ConfigFolder } from './build.ts';
import { makeConfigFolder, SECTIONS } from './build.ts';

let folder: ConfigFolder;

beforeEach(() => {
  folder = makeConfigFolder();
  for (const name of [
    'etcd-password',
    'etcd-read',
    'slack-bot-token',
    'slack-app-token',
    'kube',
    'kube-read',
  ])
    folder.write(name, `${name}\n`);
});

afterEach(() => {
  folder.remove();
});

const WHOLE = {
  redis: { url: 'redis://127.0.0.1:6379' },
  slack: {
    botTokenFile: 'slack-bot-token',
    appTokenFile: 'slack-app-token',
    channels: ['C0123456'],
    groups: { sre: 'S0123456' },
  },
  conftool: { ...SECTIONS.conftool, credentials: { username: 'pool', passwordFile: 'etcd-password' } },
};

const load = (role: Role, sections: Readonly<Record<string, unknown>> = WHOLE) =>
  loadConfig(folder.config(sections), {}, role);
const lines = (role: Role, sections: Readonly<Record<string, unknown>>): readonly string[] => {
  const config = load(role, sections);
  return config.ok ? [] : config.fault.lines;
};
const remove = (name: string): void => {
  rmSync(join(folder.path, name));
};

describe('--role', () => {
  test('a worker on the host of a gateway has an HTTP port of its own', () => {
    const portOf = (role: Role, http: object): number | undefined => {
      const config = load(role, { ...WHOLE, http });
      return config.ok ? config.value.http?.port : undefined;
    };
    const ports = (http: object): readonly (number | undefined)[] =>
      (['both', 'gateway', 'worker'] as const).map((role) => portOf(role, http));
    expect(ports({ port: 8630, workerPort: 8631 })).toEqual([8630, 8630, 8631]);
    expect(ports({ port: 8630 })).toEqual([8630, 8630, 8630]);
  });

  test('is gateway or worker; without it a process does both', () => {
    expect([undefined, 'gateway', 'worker', 'both', ''].map(parseRole)).toEqual([
      'both',
      'gateway',
      'worker',
      undefined,
      undefined,
    ]);
  });

  test('a gateway holds no secret to write with: the file need not be there', () => {
    remove('etcd-password');
    const config = load('gateway');
    expect(config.ok && config.value.conftool.credentials).toBeUndefined();
    expect(config.ok && config.value.irc.account).toMatchObject({ name: 'sluice' });
    expect(lines('both', WHOLE)).toHaveLength(1);
  });

  test('a gateway reads with rights of its own, where reading needs any', () => {
    const conftool = {
      ...WHOLE.conftool,
      readCredentials: { username: 'reader', passwordFile: 'etcd-read' },
    };
    const config = load('gateway', { ...WHOLE, conftool });
    expect(config.ok && config.value.conftool.credentials?.username).toBe('reader');
    expect(config.ok && config.value.conftool.credentials?.password.reveal()).toBe('etcd-read');
    const worker = load('worker', { ...WHOLE, conftool });
    expect(worker.ok && worker.value.conftool.credentials?.username).toBe('pool');
  });

  test('a gateway takes the kubeconfig that is for reading', () => {
    const clusters = { eqiad: { kubeconfigFile: 'kube', readKubeconfigFile: 'kube-read' } };
    const deployments = { web: { namespace: 'web', deployment: 'web', min: 1, max: 9 } };
    const kubernetes = { clusters, deployments };
    const file = (role: Role): string | undefined => {
      const config = load(role, { ...WHOLE, kubernetes });
      return config.ok ? config.value.kubernetes?.clusters['eqiad']?.kubeconfigFile : undefined;
    };
    expect(file('gateway')).toBe(join(folder.path, 'kube-read'));
    expect(file('worker')).toBe(join(folder.path, 'kube'));
    remove('kube');
    expect(file('gateway')).toBe(join(folder.path, 'kube-read'));
  });

  test('a worker holds no token of a chat: the files need not be there, and nothing reveals them', () => {
    for (const name of ['irc-password', 'slack-bot-token', 'slack-app-token']) remove(name);
    const config = load('worker');
    if (!config.ok) throw new Error(config.fault.lines.join('\n'));
    const { irc, slack, conftool } = config.value;
    expect(irc.channels).toEqual(['#ops']);
    expect(slack?.groups).toEqual({ sre: 'S0123456' });
    expect(() => irc.account.kind === 'plain' && irc.account.password.reveal()).toThrow('does not hold');
    expect(() => slack?.botToken.reveal()).toThrow('does not hold');
    expect(JSON.stringify(slack)).not.toContain('token');
    expect(conftool.credentials?.password.reveal()).toBe('etcd-password');
  });

  test.each<[string, Role, Readonly<Record<string, unknown>>, string]>([
    ['without a Redis that they share', 'gateway', { ...WHOLE, redis: undefined }, 'redis: is missing'],
    ['without a Redis that they share', 'worker', { ...WHOLE, redis: undefined }, 'redis: is missing'],
    [
      'with a signing key of its own',
      'worker',
      { ...WHOLE, signingKeyFile: 'other-key' },
      'signingKeyFile: ',
    ],
  ])('%s a %s does not start', (_what, role, sections, start) => {
    expect(lines(role, sections)).toEqual([expect.stringContaining(start)]);
  });
});
