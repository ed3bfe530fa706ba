import { randomBytes } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

/** Where the parts of a lab listen: what its sluice.yaml is made from. */
export interface WorldAddresses {
  readonly ircPort: number;
  readonly redisUrl: string;
  readonly etcdUrl: string;
  readonly httpPort: number;
  /** The other network, where the lab has it. */
  readonly slack?:
    | {
        readonly apiUrl: string;
        readonly botToken: string;
        readonly appToken: string;
        readonly channel: string;
      }
    | undefined;
  /** More sections of sluice.yaml: load balancers, probes and metrics, where the lab has them. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

/** The channel of every lab. */
export const CHANNEL = '#wikimedia-operations';

/** The people of the lab: each has a services account of the same name. */
export const PEOPLE = ['elukey', 'jijiki', 'akosiaris'] as const;

/** The services accounts of the lab's bots. */
export const BOT_ACCOUNTS = ['sluice', 'stashbot', 'logmsgbot'] as const;

/** The password of a lab account. */
export function passwordOf(account: string): string {
  return `pw-${account}`;
}

/** The user id of a person of the lab on its Slack. */
export function slackIdOf(name: string): string {
  return `U0${name.toUpperCase()}`;
}

/**
 * Writes everything that Sluice reads from disk into `folder`: sluice.yaml, people.yaml, policy.yaml, service.yaml,
 * the signing key and the bot's password. Readable by the owner only, as Sluice demands of its secrets.
 *
 * @returns the path of sluice.yaml.
 */
export function writeWorldFiles(
  folder: string,
  world: WorldAddresses & { readonly stateDir: string },
): string {
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  write('people.yaml', stringify(people()));
  write('policy.yaml', POLICY);
  write('signing-key', `${randomBytes(32).toString('hex')}\n`);
  write('irc-password', `${passwordOf('sluice')}\n`);
  if (world.slack !== undefined) {
    write('slack-bot-token', `${world.slack.botToken}\n`);
    write('slack-app-token', `${world.slack.appToken}\n`);
  }
  copyFileSync(
    fileURLToPath(new URL('conftool-data/service.yaml', import.meta.url)),
    join(folder, 'service.yaml'),
  );
  return write('sluice.yaml', stringify(sluiceConfig(world)));
}

function people(): readonly object[] {
  return PEOPLE.map((name) => ({
    name,
    irc: name,
    slack: slackIdOf(name),
    roles: name === 'jijiki' ? ['sre', 'admin'] : ['sre'],
  }));
}

function sluiceConfig(world: WorldAddresses & { readonly stateDir: string }): object {
  return {
    irc: {
      host: '127.0.0.1',
      port: world.ircPort,
      tls: false,
      nick: 'sluice',
      account: { name: 'sluice', passwordFile: 'irc-password' },
      channels: [CHANNEL],
      rate: { burst: 100_000, everyMs: 0 },
    },
    ...(world.slack === undefined
      ? {}
      : {
          slack: {
            botTokenFile: 'slack-bot-token',
            appTokenFile: 'slack-app-token',
            apiUrl: world.slack.apiUrl,
            channels: [world.slack.channel],
          },
        }),
    sal: { transport: 'irc', channel: CHANNEL, acknowledgedBy: 'stashbot' },
    redis: { url: world.redisUrl },
    signingKeyFile: 'signing-key',
    conftool: {
      driver: 'native',
      endpoints: [world.etcdUrl],
      namespace: '/conftool',
      apiVersion: 'v1',
      scope: [{ cluster: 'maps' }, { cluster: 'kubernetes' }, { types: ['discovery', 'geodns'] }],
    },
    catalogue: 'service.yaml',
    groups: { 'bare metal': '^maps\\d', wikikube: '^wikikube-worker' },
    people: 'people.yaml',
    policy: 'policy.yaml',
    http: { host: '127.0.0.1', port: world.httpPort },
    stateDir: world.stateDir,
    retention: '90d',
    ...world.sections,
  };
}

const POLICY = `# A host that every load balancer already reports down.
- {commands: [depool], when: lbDown, ask: [sre], approvals: 0}
# One host per person and half hour goes without a second pair of eyes.
- {commands: [depool], maxHosts: 1, per: 30m, ask: [sre], approvals: 0, breakGlass: true}
# Back as it was, while everybody still remembers why.
- {commands: [undo], within: 1h, ask: [sre], approvals: 0}
# Everything else that touches production needs another SRE.
- commands: [pool, depool, weight, decommission, scale, route, undo, repool, migrate]
  states: [production]
  ask: [sre]
  approve: [sre]
  approvals: 1
  expires: 15m
  maxShareRemoved: 50
  breakGlass: true
# Services that do not serve users yet.
- {commands: [pool, depool, weight], states: [lvs_setup, service_setup], ask: [sre], approvals: 0}
`;
