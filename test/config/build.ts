import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A folder with a configuration that is right, to be made wrong. */
export interface ConfigFolder {
  readonly path: string;
  /** Writes a file, by default readable by its owner only, and returns its path. */
  write(name: string, text: string, mode?: number): string;
  /** Writes sluice.yaml: the right one with other sections in place of its own; an undefined section is left out. */
  config(sections?: Readonly<Record<string, unknown>>): string;
  remove(): void;
}

/** The sections of a configuration that is right. */
export const SECTIONS = {
  irc: {
    host: '127.0.0.1',
    port: 6667,
    tls: false,
    nick: 'sluice',
    account: { name: 'sluice', passwordFile: 'irc-password' },
    channels: ['#ops'],
  },
  sal: { transport: 'irc', channel: '#ops', acknowledgedBy: 'stashbot' },
  signingKeyFile: 'signing-key',
  conftool: { endpoints: ['http://127.0.0.1:2379'], scope: [{ cluster: 'maps' }] },
  catalogue: 'service.yaml',
  people: 'people.yaml',
  policy: 'policy.yaml',
  stateDir: 'state',
} as const;

/** The text of the signing key in every such folder. */
export const SIGNING_KEY = 'k'.repeat(64);

/** Makes a folder that `loadConfig` takes as it is. Whoever makes it removes it. */
export function makeConfigFolder(): ConfigFolder {
  const path = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  const write = (name: string, text: string, mode = 0o600): string => {
    const file = join(path, name);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  write('irc-password', 'the password\n');
  write('signing-key', `${SIGNING_KEY}\n`);
  write(
    'service.yaml',
    'service::catalog:\n  kartotherian: {lvs: {conftool: {cluster: maps, service: kartotherian}}}\n',
  );
  write('people.yaml', '- {name: elukey, irc: elukey, roles: [sre]}\n');
  write('policy.yaml', '- {commands: [depool], ask: [sre]}\n');
  return {
    path,
    write,
    config: (sections = {}) => write('sluice.yaml', stringify({ ...SECTIONS, ...sections })),
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}
