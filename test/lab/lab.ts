import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { startClusters } from './clusters.ts';
import type { LabEtcd } from './etcd.ts';
import { seedConftool, startEtcd } from './etcd.ts';
import { readEtcdValue } from './etcd-read.ts';
import type { IrcPerson } from './irc-client.ts';
import { connectIrc } from './irc-client.ts';
import type { LabIrc } from './irc.ts';
import { startIrc } from './irc.ts';
import type { LabK8s } from './k8s.ts';
import type { RunDir } from './process.ts';
import { freePort, makeRunDir } from './process.ts';
import type { LabRedis } from './redis.ts';
import { startRedis } from './redis.ts';
import type { LabSlack } from './slack.ts';
import { startSlack } from './slack.ts';
import type { SluiceProcess } from './sluice-process.ts';
import { startSluiceProcess } from './sluice-process.ts';
import type { Stashbot } from './stashbot.ts';
import { startStashbot } from './stashbot.ts';
import type { LabTraffic } from './traffic/traffic.ts';
import { startTraffic } from './traffic/traffic.ts';
import { BOT_ACCOUNTS, CHANNEL, PEOPLE, slackIdOf, writeWorldFiles } from './world-files.ts';

/** The real world of Sluice on loopback: every service that it talks to, and the files that it is started with. */
export interface Lab {
  /** `sluice.yaml` for this world; the files that it names lie beside it. */
  readonly configFile: string;
  /** Sluice's `stateDir`: audit.log, STOP. */
  readonly stateDir: string;
  /** Where `/healthz` and `/readyz` answer once Sluice runs. */
  readonly httpUrl: string;
  readonly channel: string;
  readonly runDir: RunDir;
  readonly redis: LabRedis;
  readonly etcd: LabEtcd;
  readonly irc: LabIrc;
  readonly stashbot: Stashbot;
  /** Hosts, load balancers and metrics; undefined in a lab without them. */
  readonly traffic: LabTraffic | undefined;
  /** The other network, and its channel; undefined in a lab without it. */
  readonly slack: (LabSlack & { readonly channel: string }) | undefined;
  /** Resolves when the clusters have joined; undefined in a lab without them. */
  readonly clusters: Promise<LabK8s> | undefined;
  /** Starts Sluice; does not wait until it is ready. A second one may run beside the first. */
  startSluice(options?: {
    env?: NodeJS.ProcessEnv;
    args?: readonly string[];
    root?: string;
    configFile?: string;
  }): SluiceProcess;
  /** Writes another `sluice.yaml` beside the first, with these sections in place of its own, and returns its path. */
  configWith(name: string, sections: Readonly<Record<string, unknown>>): string;
  /** A person of the lab as a real IRC client, identified and in the channel; the same client for the same name. */
  person(name: string): Promise<IrcPerson>;
  /** The text stored at an etcd path (`/conftool/v1/pools/…`), by quorum read; undefined when there is none. */
  etcdValue(path: string): Promise<string | undefined>;
  /** Ends everything, Sluice first, and removes every file. */
  stop(): Promise<void>;
}

/** What a lab has besides the queue, the store and IRC. */
export interface LabOptions {
  /** Hosts, load balancers and metrics, which Sluice then asks. */
  readonly traffic?: boolean;
  /** The stand-in for Slack, where the same people are. */
  readonly slack?: boolean;
  /** Clusters. They join when they are built, and nobody waits for them; the text is how long pods may take. */
  readonly kubernetes?: string;
}

/**
 * Starts redis, etcd with the real objects, the IRC network with its accounts, and the stashbot stand-in. Several labs
 * may run at once. What else there is, the options say. Whatever ends this process by `exit` ends the lab too; after `kill -9` the next start cleans up.
 *
 * @throws when a part does not answer; nothing is left running then.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const runDir = makeRunDir();
  const removeAtExit = (): void => {
    runDir.remove();
  };
  process.once('exit', removeAtExit);
  try {
    const services = await startServices(runDir, options);
    return await composeLab(runDir, { services, deadline: options.kubernetes }, () =>
      process.off('exit', removeAtExit),
    );
  } catch (error) {
    runDir.remove();
    process.off('exit', removeAtExit);
    throw error;
  }
}

type Services = Pick<Lab, 'redis' | 'etcd' | 'irc' | 'stashbot' | 'traffic' | 'slack'>;

async function startServices(runDir: RunDir, options: LabOptions): Promise<Services> {
  const [redis, [etcd, traffic], [irc, stashbot], slack] = await settleAll([
    startRedis(runDir),
    startStore(runDir, options.traffic === true),
    startChat(runDir),
    options.slack === true ? startWorkspace(runDir) : undefined,
  ]);
  return { redis, etcd, irc, stashbot, traffic, slack };
}

/** Load balancers follow what is in etcd, so they come after it. */
async function startStore(runDir: RunDir, withTraffic: boolean): Promise<[LabEtcd, LabTraffic | undefined]> {
  const etcd = await startFilledEtcd(runDir);
  return [etcd, withTraffic ? await startTraffic(runDir, etcd.url) : undefined];
}

async function startFilledEtcd(runDir: RunDir): Promise<LabEtcd> {
  const etcd = await startEtcd(runDir);
  await seedConftool(etcd.url);
  return etcd;
}

async function startChat(runDir: RunDir): Promise<[LabIrc, Stashbot]> {
  const irc = await startIrc(runDir, { accounts: [...BOT_ACCOUNTS, ...PEOPLE] });
  return [irc, await startStashbot({ port: irc.port, channel: CHANNEL })];
}

/** Everybody of the lab is there, in one channel. */
async function startWorkspace(runDir: RunDir): Promise<LabSlack & { readonly channel: string }> {
  const slack = await startSlack(runDir);
  for (const name of PEOPLE) await slack.addUser({ id: slackIdOf(name), name });
  // Slack's own waits are a minute and more.
  await slack.set({ ackTimeoutMs: 1000, retryDelaysMs: [200, 500, 1000, 2000, 5000] });
  return { ...slack, channel: await slack.addChannel('wikimedia-operations', { id: 'C0OPERATIONS' }) };
}

/** Waits for all, also when one fails: what is still starting then could not be ended. */
async function settleAll<T extends readonly unknown[]>(parts: {
  readonly [K in keyof T]: Promise<T[K]> | T[K];
}): Promise<T> {
  await Promise.allSettled(parts);
  return Promise.all(parts) as Promise<unknown> as Promise<T>;
}

async function composeLab(
  runDir: RunDir,
  { services, deadline }: { readonly services: Services; readonly deadline: string | undefined },
  forget: () => void,
): Promise<Lab> {
  const { redis, etcd, irc, stashbot, traffic, slack } = services;
  const httpPort = await freePort();
  const stateDir = runDir.folder('state');
  const folder = runDir.folder('sluice');
  const clusters = deadline === undefined ? undefined : startClusters(runDir, folder, deadline);
  const configFile = writeWorldFiles(folder, {
    ircPort: irc.port,
    redisUrl: redis.url,
    etcdUrl: etcd.url,
    httpPort,
    stateDir,
    sections: { ...traffic?.sections, ...clusters?.sections },
    slack,
  });
  const started: SluiceProcess[] = [];
  const people = new Map<string, Promise<IrcPerson>>();
  return {
    ...services,
    clusters: clusters?.joined,
    configFile,
    stateDir,
    httpUrl: `http://127.0.0.1:${String(httpPort)}`,
    channel: CHANNEL,
    runDir,
    startSluice: (options = {}) => {
      const name = `sluice-${String(started.length + 1)}`;
      const sluice = startSluiceProcess(runDir, { name, configFile, ...options });
      started.push(sluice);
      return sluice;
    },
    configWith: (name, sections) => {
      const path = join(folder, `${name}.yaml`);
      const whole = parse(readFileSync(configFile, 'utf8')) as object;
      writeFileSync(path, stringify({ ...whole, ...sections }), { mode: 0o600 });
      return path;
    },
    person: (name) => {
      const known = people.get(name) ?? enter(irc.port, name);
      people.set(name, known);
      return known;
    },
    etcdValue: (path) => readEtcdValue(etcd.url, path),
    stop: async () => {
      await Promise.all(started.map((sluice) => sluice.process.stop()));
      const connected = await Promise.allSettled(people.values());
      const leaving = connected.map((person) =>
        person.status === 'fulfilled' ? person.value.quit() : undefined,
      );
      await Promise.all([
        ...leaving,
        stashbot.stop(),
        traffic?.stop(),
        slack?.process.stop(),
        clusters?.stop(),
      ]);
      const { inspircd, services: accounts } = irc.processes;
      await Promise.all([redis.process, etcd.process, inspircd, accounts].map((server) => server.stop()));
      runDir.remove();
      forget();
    },
  };
}

async function enter(port: number, name: string): Promise<IrcPerson> {
  const person = await connectIrc({ port, nick: name, account: name });
  await person.join(CHANNEL);
  return person;
}
