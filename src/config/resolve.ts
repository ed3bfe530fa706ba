import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Catalogue } from '../core/catalogue.ts';
import { parseCatalogue } from '../core/catalogue.ts';
import type { Person } from '../core/people.ts';
import { parsePeople } from '../core/people.ts';
import type { Policy } from '../core/policy.ts';
import { parsePolicy } from '../core/policy.ts';
import type { Problem } from '../core/problem.ts';
import type { Reading } from './file-or-env.ts';
import { readSecret, readText } from './file-or-env.ts';
import { isLoopback } from './loopback.ts';
import { isWithheld } from './role.ts';
import type { FileContent } from './schema.ts';
import type { Secret } from './secret.ts';
import { WITHHELD } from './secret.ts';
import { readYamlFile } from './yaml.ts';

/** Trust in a private certificate authority and a certificate of our own, all PEM; undefined: what the system trusts. */
export interface TlsConfig {
  readonly ca: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: Secret | undefined;
}

/** The IRC side. `tls` false only on loopback. */
export interface IrcConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: false | TlsConfig;
  readonly nick: string;
  /** SASL PLAIN, or EXTERNAL with a client certificate (PEM). */
  readonly account:
    | { readonly kind: 'plain'; readonly name: string; readonly password: Secret }
    | {
        readonly kind: 'external';
        readonly name: string | undefined;
        readonly cert: string;
        readonly key: Secret;
      };
  readonly channels: readonly string[];
  /** So many lines at once, then one per `everyMs`. */
  readonly rate: { readonly burst: number; readonly everyMs: number };
}

/** conftool's etcd. Exactly one of `endpoints` and `srvDomain` is there. */
export interface ConftoolConfig {
  readonly endpoints: readonly string[] | undefined;
  readonly srvDomain: string | undefined;
  readonly namespace: string;
  readonly apiVersion: string;
  readonly credentials: { readonly username: string; readonly password: Secret } | undefined;
  readonly tls: TlsConfig | undefined;
  readonly scope: FileContent['conftool']['scope'];
  /** Who is told of every write, besides the log. */
  readonly conftool2git: { readonly host: string; readonly port: number } | undefined;
  /** The real confctl, which writes then; undefined: Sluice writes itself. */
  readonly confctl:
    { readonly command: string; readonly configFile: string; readonly schemaFile: string } | undefined;
}

/** Reads the IRC section; undefined when it is not there. */
export function resolveIrc(reading: Reading, { irc, slack }: FileContent): IrcConfig | undefined {
  if (irc === undefined) {
    if (slack === undefined)
      complain(reading, 'irc', 'is missing: without a chat nobody can ask for anything');
    return undefined;
  }
  const { host, port, nick, channels, rate } = irc;
  if (irc.tls === false && !isLoopback(host)) {
    complain(reading, 'irc.tls', `false would send the password to ${host} in clear: only for loopback`);
  }
  const ca = typeof irc.tls === 'object' ? readPublic(reading, irc.tls, 'irc.tls', 'ca') : undefined;
  const tls = irc.tls === false ? false : { ca };
  return { host, port, tls, nick, channels, rate, account: resolveAccount(reading, irc.account) };
}

function resolveAccount(
  reading: Reading,
  account: NonNullable<FileContent['irc']>['account'],
): IrcConfig['account'] {
  const at = 'irc.account';
  // Who does not speak does not log in either.
  if (isWithheld(reading.role, at)) return { kind: 'plain', name: '', password: WITHHELD };
  const hasPassword = account.passwordFile !== undefined || account.passwordEnv !== undefined;
  const cert = readPublic(reading, account, at, 'clientCert');
  if (cert !== undefined) {
    if (hasPassword) complain(reading, at, 'has a password and a certificate: give one of them');
    return {
      kind: 'external',
      name: account.name,
      cert,
      key: readSecret(reading, account, { at, name: 'clientKey' }),
    };
  }
  if (account.name === undefined) complain(reading, `${at}.name`, 'is missing: give the services account');
  return {
    kind: 'plain',
    name: account.name ?? '',
    password: readSecret(reading, account, { at, name: 'password' }),
  };
}

/** Where this process can be looked at: a worker at its own port, where it has one. */
export function resolveHttp(
  { role }: Reading,
  { http }: FileContent,
): { readonly host: string; readonly port: number } | undefined {
  if (http === undefined) return undefined;
  const { host, port, workerPort = port } = http;
  return { host, port: role === 'worker' ? workerPort : port };
}

/** Where the Server Admin Log listens: in a channel, or behind a relay that says there what it is told over TCP. */
export interface SalConfig {
  readonly transport: 'irc' | 'tcpircbot';
  /** With a relay the one in which it is heard; only where `acknowledgedBy` is given. */
  readonly channel: string;
  /** The bot that answers; with a relay the relay itself. */
  readonly acknowledgedBy: string | undefined;
  readonly relay: { readonly host: string; readonly port: number } | undefined;
}

/** Reads the section of the log. */
export function resolveSal(reading: Reading, { sal, irc }: FileContent): SalConfig {
  const { transport, channel, acknowledgedBy, host, port } = sal;
  const isRelayed = transport === 'tcpircbot';
  if (isRelayed && (host === undefined || port === undefined))
    complain(reading, `sal.${host === undefined ? 'host' : 'port'}`, 'is missing: where tcpircbot listens');
  if (!isRelayed && (host !== undefined || port !== undefined))
    complain(reading, `sal.${host === undefined ? 'port' : 'host'}`, 'is for transport: tcpircbot only');
  const relay = isRelayed ? { host: host ?? '', port: port ?? 0 } : undefined;
  if (isRelayed && acknowledgedBy === undefined)
    return { transport, channel: channel ?? 'tcpircbot', acknowledgedBy, relay };
  if (irc === undefined) complain(reading, 'sal.transport', 'irc needs the section irc');
  if (channel === undefined) complain(reading, 'sal.channel', 'is missing: give the channel of the log');
  else if (irc?.channels.some((one) => one.toLowerCase() === channel.toLowerCase()) === false) {
    complain(reading, 'sal.channel', `${channel} is not among irc.channels: Sluice would never join it`);
  }
  return { transport, channel: channel ?? '', acknowledgedBy, relay };
}

/** Reads the conftool section. */
export function resolveConftool(reading: Reading, conftool: FileContent['conftool']): ConftoolConfig {
  const { endpoints, srvDomain, namespace, apiVersion, credentials, tls, scope } = conftool;
  if ((endpoints === undefined) === (srvDomain === undefined)) {
    complain(reading, 'conftool.endpoints', 'give endpoints: [https://HOST:4001] or srvDomain, one of them');
  }
  const far = (endpoints ?? []).find((endpoint) => {
    const url = new URL(endpoint);
    return url.protocol === 'http:' && !isLoopback(url.hostname);
  });
  if (far !== undefined && credentials !== undefined) {
    complain(reading, 'conftool.endpoints', `${far} would send the password in clear: say https:`);
  }
  return {
    endpoints,
    srvDomain,
    namespace,
    apiVersion,
    credentials: resolveCredentials(reading, conftool),
    tls: tls && { ca: readPublic(reading, tls, 'conftool.tls', 'ca') },
    scope,
    conftool2git: conftool.conftool2git,
    // Who does not write reads without it.
    confctl: reading.role === 'gateway' ? undefined : resolveConfctl(reading, conftool),
  };
}

/** The right to write, or for a gateway to read where that needs a name. */
function resolveCredentials(
  reading: Reading,
  { credentials, readCredentials }: FileContent['conftool'],
): ConftoolConfig['credentials'] {
  const forReading = reading.role === 'gateway';
  const used = forReading ? readCredentials : credentials;
  const at = `conftool.${forReading ? 'readCredentials' : 'credentials'}`;
  return used && { username: used.username, password: readSecret(reading, used, { at, name: 'password' }) };
}

/** What confctl is told by its own files, Sluice cannot tell it. */
function resolveConfctl(
  reading: Reading,
  { driver, confctl, conftool2git }: FileContent['conftool'],
): ConftoolConfig['confctl'] {
  if (driver === 'native') {
    if (confctl !== undefined) complain(reading, 'conftool.confctl', 'is for driver: confctl only');
    return undefined;
  }
  if (confctl === undefined) {
    complain(reading, 'conftool.confctl', 'is missing: give command, configFile and schemaFile');
    return undefined;
  }
  if (conftool2git !== undefined) {
    complain(reading, 'conftool.conftool2git', "belongs into confctl's own config: conftool2git_address");
  }
  const files = {
    configFile: pathIn(reading, confctl.configFile),
    schemaFile: pathIn(reading, confctl.schemaFile),
  };
  for (const [name, path] of Object.entries(files)) {
    if (existsSync(path)) reading.files.push({ path, kind: 'plain' });
    else complain(reading, `conftool.confctl.${name}`, `${path} is not there`);
  }
  return { command: confctl.command, ...files };
}

/** puppet's catalogue; undefined when something is wrong with it, which is then among the problems. */
export function readCatalogue(reading: Reading, path: string): Catalogue | undefined {
  return readYamlFile(reading, { path, at: 'catalogue', version: '1.1', parse: parseCatalogue });
}

/** `people.yaml`; undefined as above. */
export function readPeople(reading: Reading, path: string): readonly Person[] | undefined {
  return readYamlFile(reading, { path, at: 'people', version: '1.2', parse: parsePeople });
}

/** `policy.yaml`; undefined as above. */
export function readPolicy(reading: Reading, path: string): Policy | undefined {
  return readYamlFile(reading, { path, at: 'policy', version: '1.2', parse: parsePolicy });
}

/** The absolute path of a file or folder that the configuration names. */
export function pathIn(reading: Reading, path: string): string {
  return resolve(reading.folder, path);
}

function readPublic(
  reading: Reading,
  holder: Readonly<Record<string, unknown>>,
  at: string,
  name: string,
): string | undefined {
  return readText(reading, holder, { at, name, kind: 'plain' });
}

function complain(reading: Reading, path: string, text: string): void {
  const problem: Problem = { path, text };
  reading.problems.push(problem);
}
