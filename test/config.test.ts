import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Config } from '../src/config.ts';
import { examineConfig, loadConfig, loadPeople, loadPolicy } from '../src/config.ts';
import type { ConfigFolder } from './config/build.ts';
import { makeConfigFolder, SECTIONS, SIGNING_KEY } from './config/build.ts';

let folder: ConfigFolder;

beforeEach(() => {
  folder = makeConfigFolder();
});

afterEach(() => {
  folder.remove();
});

function load(sections: Readonly<Record<string, unknown>> = {}, env: NodeJS.ProcessEnv = {}): Config {
  const config = loadConfig(folder.config(sections), env);
  if (!config.ok) throw new Error(config.fault.lines.join('\n'));
  return config.value;
}

function refusal(
  sections: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv = {},
): readonly string[] {
  const config = loadConfig(folder.config(sections), env);
  return config.ok ? [] : config.fault.lines;
}

describe('loadConfig', () => {
  test('reads the file and everything that it names, with defaults', () => {
    const config = load();
    expect(config).toMatchObject({
      irc: {
        port: 6667,
        tls: false,
        rate: { burst: 4, everyMs: 1200 },
        account: { kind: 'plain', name: 'sluice' },
      },
      sal: { transport: 'irc', channel: '#ops', acknowledgedBy: 'stashbot' },
      redis: undefined,
      conftool: {
        endpoints: ['http://127.0.0.1:2379'],
        namespace: '/conftool',
        apiVersion: 'v1',
        credentials: undefined,
      },
      catalogue: { entries: [{ name: 'kartotherian' }] },
      people: [{ name: 'elukey' }],
      policy: { rules: [{ commands: ['depool'] }] },
      http: undefined,
      retentionMs: 90 * 86_400_000,
      logLevel: 'info',
    });
    expect(config.stateDir).toBe(join(folder.path, 'state'));
    expect(config.policyFile).toBe(join(folder.path, 'policy.yaml'));
    expect(config.irc.account.kind === 'plain' && config.irc.account.password.reveal()).toBe('the password');
    expect(config.signingKey.reveal()).toBe(SIGNING_KEY);
  });

  test('shows no secret, however it is printed', () => {
    const config = load();
    const shown = `${JSON.stringify(config)}${inspect(config, { depth: 9 })}${String(config.signingKey)}`;
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain('the password');
    expect(shown).not.toContain(SIGNING_KEY);
  });

  test('takes secrets from the environment', () => {
    const { passwordFile, ...account } = { ...SECTIONS.irc.account, passwordEnv: 'IRC_PASSWORD' };
    expect(passwordFile).toBe('irc-password');
    const config = load({ irc: { ...SECTIONS.irc, account } }, { IRC_PASSWORD: 'from there' });
    expect(config.irc.account.kind === 'plain' && config.irc.account.password.reveal()).toBe('from there');
  });

  test('reads groups in their order, as patterns', () => {
    const { groups } = load({ groups: { 'bare metal': '^maps\\d', wikikube: '^wikikube-worker' } });
    expect(groups.map(({ name, pattern }) => [name, pattern.test('maps1005')])).toEqual([
      ['bare metal', true],
      ['wikikube', false],
    ]);
  });

  test('takes any pace of speaking, for tests', () => {
    const rate = { burst: 100_000, everyMs: 0 };
    expect(load({ irc: { ...SECTIONS.irc, rate } }).irc.rate).toEqual(rate);
  });

  test('says what is not there at all', () => {
    const missing = loadConfig(join(folder.path, 'nothing.yaml'), {});
    expect(missing).toMatchObject({
      ok: false,
      fault: { lines: [`${folder.path}/nothing.yaml: it is not there`] },
    });
  });

  test('says where the file is no YAML', () => {
    const file = folder.write('sluice.yaml', 'irc: {host: [}\n');
    const config = loadConfig(file, {});
    expect(config).toMatchObject({
      ok: false,
      fault: { lines: [expect.stringMatching(/^not YAML: .* line 1/)] },
    });
  });

  test('refuses a key that stands there twice', () => {
    const file = folder.config();
    writeFileSync(file, `${readFileSync(file, 'utf8')}stateDir: elsewhere\n`);
    expect(loadConfig(file, {})).toMatchObject({
      ok: false,
      fault: { lines: [expect.stringContaining('Map keys must be unique')] },
    });
  });
});

test('load balancers, probes, metrics and dependencies are read; without them nobody is asked', () => {
  const sections = {
    loadBalancers: { eqiad: [{ name: 'lvs1019', url: 'http://lvs1019:9090' }], takeUp: '3s' },
    probes: { mode: 'warn', connectTo: ['*.eqiad.wmnet:6543=127.0.0.1:26543'] },
    prometheus: { eqiad: { url: 'http://prometheus-eqiad/ops', requests: 'sum by (host) (x)' } },
    dependencies: [{ hosts: 'maps[1005-1006]', of: 'tegola' }],
  };
  expect(load(sections).traffic).toEqual({
    balancers: { eqiad: [{ name: 'lvs1019', url: 'http://lvs1019:9090' }] },
    takeUpMs: 3000,
    probes: {
      mode: 'warn',
      connectTo: [{ host: '*.eqiad.wmnet', port: 6543, address: '127.0.0.1', toPort: 26543 }],
      ca: undefined,
    },
    prometheus: sections.prometheus,
    dependencies: [{ hosts: new Set(['maps1005', 'maps1006']), of: 'tegola' }],
  });
  const conftool2git = { host: 'git', port: 1312 };
  const told = { ...SECTIONS.conftool, conftool2git };
  expect(load({ conftool: told }).conftool).toMatchObject({ conftool2git, confctl: undefined });
  const confctl = { configFile: 'policy.yaml', schemaFile: 'policy.yaml' };
  const file = expect.stringMatching(/^\/.*policy\.yaml$/) as unknown;
  expect(load({ conftool: { ...SECTIONS.conftool, driver: 'confctl', confctl } }).conftool).toMatchObject({
    confctl: { command: 'confctl', configFile: file, schemaFile: file },
  });
  expect(load().traffic).toMatchObject({ balancers: {}, probes: { mode: undefined }, takeUpMs: 10_000 });
});

describe('a configuration is refused', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['with an unknown section', { conftol: {} }, 'conftol: unknown key. Nearest: conftool'],
    [
      'with an unknown key',
      { irc: { ...SECTIONS.irc, chanels: [] } },
      'irc.chanels: unknown key. Nearest: channels',
    ],
    [
      'with an unknown key deep inside',
      { conftool: { ...SECTIONS.conftool, scope: [{ clustr: 'maps' }] } },
      'conftool.scope#1.clustr: unknown key. Nearest: cluster',
    ],
    [
      'with a scope entry that means everything',
      { conftool: { ...SECTIONS.conftool, scope: [{}] } },
      'conftool.scope#1: is empty, which would mean everything: name a dc, cluster, service or types',
    ],
    ['without a chat', { irc: undefined }, 'irc: is missing: without a chat nobody can ask for anything'],
    ['with a log on a chat that is off', { irc: undefined }, 'sal.transport: irc needs the section irc'],
    [
      'with a log channel that is not joined',
      { sal: { transport: 'irc', channel: '#log' } },
      'sal.channel: #log is not among irc.channels: Sluice would never join it',
    ],
    [
      'with clear text beyond loopback',
      { irc: { ...SECTIONS.irc, host: 'irc.libera.chat' } },
      'irc.tls: false would send the password to irc.libera.chat in clear: only for loopback',
    ],
    [
      'without a password',
      { irc: { ...SECTIONS.irc, account: { name: 'sluice' } } },
      'irc.account.passwordFile: is missing: give passwordFile or passwordEnv',
    ],
    [
      'with a secret in two places',
      { irc: { ...SECTIONS.irc, account: { name: 'sluice', passwordFile: 'a', passwordEnv: 'B' } } },
      'irc.account.passwordEnv: give passwordFile or passwordEnv, not both',
    ],
    [
      'with a secret in the file itself',
      { irc: { ...SECTIONS.irc, account: { name: 'sluice', password: 'x' } } },
      'irc.account.password: unknown key. Nearest: passwordEnv, passwordFile',
    ],
    [
      'with an environment variable that is not set',
      { irc: { ...SECTIONS.irc, account: { name: 'sluice', passwordEnv: 'NOT_SET' } } },
      'irc.account.passwordEnv: the environment has no NOT_SET',
    ],
    [
      'with both endpoints and a domain',
      { conftool: { ...SECTIONS.conftool, srvDomain: 'example.org' } },
      'conftool.endpoints: give endpoints: [https://HOST:4001] or srvDomain, one of them',
    ],
    [
      'with an etcd password in clear',
      {
        conftool: {
          endpoints: ['http://conf1007:4001'],
          credentials: { username: 'u', passwordFile: 'irc-password' },
        },
      },
      'conftool.endpoints: http://conf1007:4001 would send the password in clear: say https:',
    ],
    [
      'with a time in other words',
      { retention: '90 days' },
      "retention: '90 days' is no time like 30s, 15m, 2h or 3d",
    ],
    ['with a pattern that is none', { groups: { maps: '(' } }, "groups.maps: '(' is no regular expression"],
    [
      'with a password in the URL of Redis',
      { redis: { url: 'redis://:x@127.0.0.1:6379' } },
      'redis.url: holds a name or password: give usernameFile and passwordFile',
    ],
  ])('%s', (_how, sections, line) => {
    expect(refusal(sections)).toContain(line);
  });

  test.each<[string, object]>([
    ['no password', { url: 'rediss://redis.example.org:6380' }],
    ['no TLS', { url: 'redis://redis.example.org:6379', passwordFile: 'irc-password' }],
    ['TLS turned off', { url: 'redis://redis.example.org:6379', passwordFile: 'irc-password', tls: false }],
  ])('with a Redis beyond loopback and %s', (_how, redis) => {
    expect(refusal({ redis })).toEqual([expect.stringContaining('redis.example.org is not this machine')]);
  });

  test('with every problem at once', () => {
    folder.write('people.yaml', '- {name: Elukey, roles: [sre]}\n');
    folder.write('policy.yaml', '- {commands: [depool], ask: [sre], approvals: 1}\n');
    folder.write('service.yaml', 'services: {}\n');
    const lines = refusal({ sal: { transport: 'irc' } });
    expect(lines).toEqual([
      'sal.channel: is missing: give the channel of the log',
      'service.yaml.service::catalog: is missing: give a mapping',
      'people.yaml#1.name: must be 1-32 of a-z 0-9 . _ -',
      'policy.yaml#1.approve: is missing: approvals are wanted, so say whose: approve: [sre]',
    ]);
  });

  test.each([
    [
      { kubernetes: { clusters: {}, deployments: {} } },
      'kubernetes.clusters: is empty: name at least one cluster',
    ],
    [
      { kubernetes: { clusters: { eqiad: {} }, deployments: {} } },
      'kubernetes.clusters.eqiad: give kubeconfigFile, kubeconfigEnv or inCluster: true, one of them',
    ],
    [
      { kubernetes: { clusters: { eqiad: { kubeconfigFile: 'no.yaml' } }, deployments: {} } },
      'kubernetes.clusters.eqiad.kubeconfigFile: ',
    ],
    [
      {
        kubernetes: {
          clusters: { eqiad: { inCluster: true } },
          deployments: { x: { namespace: 'x', deployment: 'x', min: 5, max: 2 } },
        },
      },
      'kubernetes.deployments.x.min: 5 is more than max 2',
    ],
    [
      {
        kubernetes: {
          clusters: { eqiad: { inCluster: true } },
          deployments: { 'Ka rto': { namespace: 'x', deployment: 'x', min: 1, max: 2 } },
        },
      },
      'kubernetes.deployments.Ka rto: must be a name like kartotherian',
    ],
    [
      { probes: { connectTo: ['wikikube-worker1001:6543'] } },
      "probes.connectTo#1: 'wikikube-worker1001:6543' is not HOST:PORT=ADDRESS:PORT",
    ],
    [{ probes: { mode: 'perhaps' } }, 'probes.mode'],
    [{ dependencies: [{ hosts: 'maps[1005-', of: 'tegola' }] }, 'dependencies#1.hosts: must be names like'],
    [{ loadBalancers: { eqiad: [{ name: 'lvs1019', url: 'lvs1019:9090' }] } }, 'loadBalancers.eqiad#1.url'],
    [{ loadBalancers: { takeUp: 'soon' } }, 'loadBalancers.takeUp'],
    [
      { conftool: { ...SECTIONS.conftool, driver: 'confctl' } },
      'conftool.confctl: is missing: give command, configFile and schemaFile',
    ],
    [{ sal: { transport: 'tcpircbot', port: 9200 } }, 'sal.host: is missing'],
    [{ sal: { transport: 'tcpircbot', host: 'h' } }, 'sal.port: is missing'],
    [{ sal: { ...SECTIONS.sal, host: 'h' } }, 'sal.host: is for transport: tcpircbot only'],
    [
      { sal: { transport: 'tcpircbot', host: 'h', port: 9200, acknowledgedBy: 'logmsgbot' } },
      'sal.channel: is missing',
    ],
    [
      { conftool: { ...SECTIONS.conftool, confctl: { command: 'confctl' } } },
      'conftool.confctl: is for driver: confctl only',
    ],
    [
      {
        conftool: {
          ...SECTIONS.conftool,
          driver: 'confctl',
          confctl: { configFile: 'no.yaml', schemaFile: 'policy.yaml' },
        },
      },
      'conftool.confctl.configFile',
    ],
  ])('with %j', (sections, start) => {
    expect(refusal(sections)).toEqual([expect.stringContaining(start)]);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([['migrations', { migrations: 'migrations/' }]])(
    'where it wants %s, which is not built yet',
    (what, sections) => {
      expect(refusal(sections)).toContain(`${what}: not supported by this version`);
    },
  );
});

describe('Slack', () => {
  const channels = ['C0123456'];
  const socket = { botTokenFile: 'slack-bot-token', appTokenFile: 'slack-app-token', channels };
  beforeEach(() => {
    for (const name of ['bot-token', 'app-token', 'signing-secret'])
      folder.write(`slack-${name}`, `${name}\n`);
  });

  test('is off without its section', () => {
    expect(load().slack).toBeUndefined();
  });

  test('in Socket Mode', () => {
    const { slack } = load({ slack: { ...socket, groups: { sre: 'S0123456' } } });
    expect(slack).toMatchObject({
      mode: { kind: 'socket' },
      apiUrl: 'https://slack.com/api/',
      channels,
      groups: { sre: 'S0123456' },
    });
    expect(slack?.botToken.reveal()).toBe('bot-token');
    expect(slack?.mode.kind === 'socket' && slack.mode.appToken.reveal()).toBe('app-token');
  });

  test('in HTTP mode, at another address', () => {
    const { slack } = load({
      slack: {
        botTokenFile: 'slack-bot-token',
        signingSecretFile: 'slack-signing-secret',
        port: 8631,
        apiUrl: 'http://127.0.0.1:25300/api',
        channels,
      },
    });
    expect(slack).toMatchObject({
      mode: { kind: 'http', port: 8631 },
      apiUrl: 'http://127.0.0.1:25300/api/',
    });
  });

  const oneOfThem =
    'slack: give appTokenFile for Socket Mode, or signingSecretFile and port for HTTP mode: one of them';
  test.each<[string, object, string]>([
    ['no way in', { botTokenFile: 'slack-bot-token', channels }, oneOfThem],
    ['two ways in', { ...socket, signingSecretFile: 'slack-signing-secret', port: 8631 }, oneOfThem],
    ['no bot token', { appTokenFile: 'slack-app-token', channels }, 'slack.botTokenFile: is missing'],
    [
      'no port in HTTP mode',
      { botTokenFile: 'slack-bot-token', signingSecretFile: 'slack-signing-secret', channels },
      'slack.port: is missing',
    ],
    ['a port in Socket Mode', { ...socket, port: 8631 }, 'slack.port: is for HTTP mode only'],
    ['a channel by its name', { ...socket, channels: ['#ops'] }, 'slack.channels#1: must be a channel id'],
    ['a group by its handle', { ...socket, groups: { sre: '@sre' } }, 'slack.groups.sre: must be the id'],
    ['the token in clear', { ...socket, apiUrl: 'http://slack.example.org/api/' }, 'slack.apiUrl: http://'],
  ])('with %s is refused', (_what, slack, start) => {
    expect(refusal({ slack })).toContainEqual(expect.stringContaining(start));
  });

  test('without IRC there is nowhere to log', () => {
    expect(refusal({ irc: undefined, slack: socket })).toEqual(['sal.transport: irc needs the section irc']);
  });
});

describe('Redis', () => {
  test('on another machine is taken with a password and TLS', () => {
    folder.write('ca.pem', 'CERTIFICATE', 0o644);
    const redis = {
      url: 'redis://redis.example.org:6379',
      usernameEnv: 'USER_OF_REDIS',
      passwordFile: 'irc-password',
      tls: { caFile: 'ca.pem' },
    };
    expect(load({ redis }, { USER_OF_REDIS: 'sluice' }).redis).toMatchObject({
      place: { url: 'redis://redis.example.org:6379' },
      username: 'sluice',
      tls: { ca: 'CERTIFICATE' },
    });
  });

  test('behind sentinels, or a cluster, is taken with one replica that must have everything', () => {
    const sentinels = ['127.0.0.1:26379', 'redis://[::1]:26380'];
    expect(load({ redis: { sentinels, name: 'mymaster' } }).redis).toMatchObject({
      place: {
        sentinels: [
          { host: '127.0.0.1', port: 26379 },
          { host: '::1', port: 26380 },
        ],
        name: 'mymaster',
      },
      minReplicas: 1,
    });
    expect(load({ redis: { cluster: ['127.0.0.1:7000'], minReplicas: 2 } }).redis).toMatchObject({
      place: { cluster: [{ host: '127.0.0.1', port: 7000 }] },
      minReplicas: 2,
    });
  });

  test.each<[string, object, string]>([
    [
      'two of the three',
      { url: 'redis://127.0.0.1:6379', cluster: ['127.0.0.1:7000'] },
      'redis: has url and cluster',
    ],
    ['none of the three', { minReplicas: 1 }, 'redis.url: is missing'],
    ['sentinels without a name', { sentinels: ['127.0.0.1:26379'] }, 'redis.name: is missing'],
    [
      'a name without sentinels',
      { url: 'redis://127.0.0.1:6379', name: 'x' },
      'redis.name: is for sentinels',
    ],
    ['an address without a port', { cluster: ['127.0.0.1'] }, 'redis.cluster#1: must be like'],
    ['no sentinels', { sentinels: [], name: 'x' }, 'redis.sentinels'],
    [
      'one node that is far',
      { cluster: ['127.0.0.1:7000', 'far.example.org:7000'] },
      'redis.cluster: far.example.org is not this machine',
    ],
  ])('with %s is refused', (_what, redis, start) => {
    expect(refusal({ redis })).toContainEqual(expect.stringContaining(start));
  });

  test('on this machine is taken as it is', () => {
    expect(load({ redis: { url: 'redis://127.0.0.1:6379' } }).redis).toEqual({
      place: { url: 'redis://127.0.0.1:6379' },
      username: undefined,
      password: undefined,
      tls: undefined,
      minReplicas: 0,
    });
  });
});

describe('the signing key', () => {
  test('is made at the first start, for its owner only, and stays the same', () => {
    const sections = { signingKeyFile: 'new/signing-key' };
    const path = join(folder.path, 'new/signing-key');
    const key = load(sections).signingKey.reveal();
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(load(sections).signingKey.reveal()).toBe(key);
  });

  test('lies under stateDir when nothing is said', () => {
    load({ signingKeyFile: undefined });
    expect(existsSync(join(folder.path, 'state/signing-key'))).toBe(true);
  });

  test('is not made by looking', () => {
    const looked = examineConfig(folder.config({ signingKeyFile: 'new-key' }), {});
    expect(looked).toMatchObject({ ok: true, value: { signingKeyToMake: join(folder.path, 'new-key') } });
    expect(existsSync(join(folder.path, 'new-key'))).toBe(false);
  });

  test('is refused when it is short', () => {
    folder.write('signing-key', 'short\n');
    expect(refusal({})).toEqual([
      'signingKeyFile: is shorter than 32 characters: remove the file, the next start makes a good one',
    ]);
  });

  test('is refused when its group may read it', () => {
    folder.write('signing-key', SIGNING_KEY, 0o640);
    expect(refusal({})).toEqual([
      expect.stringContaining('signing-key: others may read this secret (mode 0640)'),
    ]);
  });
});

describe('modes', () => {
  test.each(['sluice.yaml', 'people.yaml', 'policy.yaml', 'service.yaml', 'irc-password', 'signing-key'])(
    'a start is refused when others may write %s',
    (name) => {
      const file = folder.config();
      chmodSync(join(folder.path, name), 0o602);
      const config = loadConfig(file, {});
      const path = join(folder.path, name);
      expect(config).toMatchObject({
        ok: false,
        fault: { lines: [`${path}: others may write it (mode 0602). Type: chmod go-w ${path}`] },
      });
    },
  );

  test('a secret that everybody may read refuses the start', () => {
    folder.write('irc-password', 'x', 0o604);
    expect(refusal({})).toEqual([
      expect.stringContaining('irc-password: others may read this secret (mode 0604)'),
    ]);
  });

  test('looking tells of them and reads on', () => {
    folder.write('irc-password', 'x', 0o604);
    expect(examineConfig(folder.config(), {})).toMatchObject({
      ok: true,
      value: { modeLines: [expect.any(String)] },
    });
  });
});

describe('reading again', () => {
  test('takes a changed policy and changed people', () => {
    expect(loadPolicy(join(folder.path, 'policy.yaml'))).toMatchObject({ ok: true, value: { rules: [{}] } });
    expect(loadPeople(join(folder.path, 'people.yaml'))).toMatchObject({
      ok: true,
      value: [{ name: 'elukey' }],
    });
  });

  test('names what is wrong in a policy, or with its mode', () => {
    const wrong = folder.write('policy.yaml', '- {commands: [depol], ask: [sre]}\n');
    expect(loadPolicy(wrong)).toMatchObject({
      fault: { lines: ['policy.yaml#1.commands#1: unknown. Nearest: depool'] },
    });
    const open = folder.write('policy.yaml', '- {commands: [depool], ask: [sre]}\n', 0o666);
    expect(loadPolicy(open)).toMatchObject({
      fault: { lines: [expect.stringContaining('others may write it')] },
    });
  });
});
