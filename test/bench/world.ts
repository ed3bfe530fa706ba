import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { parse, stringify } from 'yaml';
import { seedObjects } from '../lab/conftool-data.ts';
import { putValue } from '../lab/etcd.ts';
import type { IrcPerson, SeenLine } from '../lab/irc-client.ts';
import { connectIrc } from '../lab/irc-client.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import type { LabProcess } from '../lab/process.ts';
import { startProcess, waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import { PEOPLE } from '../lab/world-files.ts';

/** Hosts of the bench's own, `bench1001` and on, beside those of the service of Kubernetes workers. */
export const HOSTS = 200;
export const MANY = 'kubesvc';
/** The service that this is about, with its own hosts: what one command is measured with. */
export const SERVICE = 'kartotherian-k8s-ssl';
const POOLED = 60;
const POOLED_TEXT = '{"weight": 10, "pooled": "yes"}';
const FOURTH = { name: 'hashar', account: 'logmsgbot' };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 60_000;
/** Log lines are said one after the other, each when the one before is confirmed. */
const REST_WITHIN_MS = 240_000;

/** Everything may be asked for, and as often as a bench asks; what is decided before each write is what it always is. */
const POLICY = `rules:
  - {commands: [weight], ask: [sre], approvals: 0, pace: true, maxShareRemoved: 100}
  - {commands: [pool, depool], ask: [sre], approve: [sre], approvals: 1, maxShareRemoved: 100}
limits:
  perPerson: {writes: 1000000, per: 10m, waiting: 1000}
  everybody: {objects: 1000000, per: 10m}
`;

/** A person of the bench: what they say and what they see, at the times of this process. */
class Speaker {
  private readonly irc: IrcPerson;
  private readonly channel: string;

  constructor(irc: IrcPerson, channel: string) {
    this.irc = irc;
    this.channel = channel;
    // Whoever answers says that it has received: else TCP waits 40 ms with that, and the server as long with its next line.
    irc.listen(() => {
      irc.raw('PONG :heard');
    });
  }

  say(text: string): number {
    this.irc.say(this.channel, text);
    return performance.now();
  }

  /** When a line that matches was seen, and the line. Ask for it before what brings it. */
  sees(what: RegExp, patienceMs = PATIENCE_MS): Promise<{ readonly at: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const stop = this.irc.listen(({ text }) => {
        if (!what.test(text)) return;
        stop();
        clearTimeout(timer);
        resolve({ at: performance.now(), text });
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${this.irc.nick} saw no ${String(what)}, but:\n${this.seenLately()}`));
      }, patienceMs);
    });
  }

  listen(hear: (line: SeenLine) => void): () => void {
    return this.irc.listen(hear);
  }

  private seenLately(): string {
    return this.irc.lines
      .slice(-10)
      .map(({ nick, text }) => `<${nick}> ${text}`)
      .join('\n');
  }
}

/** A world with services of its own. Several are there at once, and take turns. */
export interface World {
  readonly lab: Lab;
  readonly people: readonly Speaker[];
  /** A look into the journal, beside Sluice. */
  readonly redis: Redis;
  stop(): Promise<void>;
  /** Starts Sluice as it is run in production. @returns when it is ready. */
  start(args?: readonly string[]): Promise<SluiceProcess>;
}

/** Where the object of a host of the bench's own is in etcd, below the namespace and version. */
export function pathOf(number: number): string {
  return `pools/eqiad/kubernetes/${MANY}/${hostOf(number)}.eqiad.wmnet`;
}

/** Workers of the service, pooled. */
export function workers(): readonly string[] {
  return seedObjects()
    .flatMap(({ path }) => new RegExp(`^pools/eqiad/maps/${SERVICE}/(wikikube-.*)$`).exec(path)?.[1] ?? [])
    .slice(0, POOLED);
}

export function hostOf(number: number): string {
  return `bench${String(1001 + number)}`;
}

/** A lab with the bench's hosts, people and policy. */
export async function openWorld(): Promise<World> {
  const lab = await startLab();
  const folder = join(lab.configFile, '..');
  writeFileSync(join(folder, 'policy.yaml'), POLICY, { mode: 0o600 });
  const peopleFile = join(folder, 'people.yaml');
  const known = parse(readFileSync(peopleFile, 'utf8')) as readonly object[];
  writeFileSync(
    peopleFile,
    stringify([...known, { name: FOURTH.name, irc: FOURTH.account, roles: ['sre'] }]),
    { mode: 0o600 },
  );
  const paths = [
    ...workers().map((host) => `pools/eqiad/maps/${SERVICE}/${host}`),
    ...Array.from({ length: HOSTS }, (_, number) => pathOf(number)),
  ];
  for (const path of paths) await putValue(`${lab.etcd.url}/v2/keys/conftool/v1/${path}`, POOLED_TEXT);
  const redis = new Redis(lab.redis.url);
  const fourth = await connectIrc({ port: lab.irc.port, nick: FOURTH.name, account: FOURTH.account });
  await fourth.join(lab.channel);
  const clients = [...(await Promise.all(PEOPLE.map((name) => lab.person(name)))), fourth];
  return {
    lab,
    people: clients.map((irc) => new Speaker(irc, lab.channel)),
    redis,
    stop: async () => {
      redis.disconnect();
      await fourth.quit();
      await lab.stop();
    },
    start: async (args = []) => {
      const sluice = lab.startSluice({ args });
      await sluice.ready;
      return sluice;
    },
  };
}

/** The bot that is the floor, beside a Sluice of that world. */
export async function startBareBot({ lab, people }: World): Promise<LabProcess> {
  const here = people[0]?.sees(/^bare is here$/);
  const bot = startProcess(lab.runDir, {
    name: 'bare-bot',
    command: process.execPath,
    args: [
      '--import',
      'tsx',
      join(ROOT, 'test/bench/bare-bot.ts'),
      String(lab.irc.port),
      lab.etcd.url,
      lab.redis.url,
      lab.channel,
    ],
    cwd: ROOT,
  });
  await here;
  return bot;
}

/** What the kernel says of a process. `cpuMs`: time that it had a core; `rssMb`: memory that it holds. */
export function usageOf({ pid }: LabProcess): { readonly cpuMs: number; readonly rssMb: number } {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  // utime and stime, in ticks of 10 ms (proc(5)).
  return { cpuMs: ((fields[11] ?? 0) + (fields[12] ?? 0)) * 10, rssMb: Number(rss?.[1]) / 1024 };
}

/** Nothing is open and all is said: what a measure leaves behind is not the next one's. */
export async function comeToRest({ redis }: World): Promise<void> {
  await waitUntil(
    'all has ended and is said',
    async () => {
      const left = await Promise.all([redis.zcard('{sluice}:open'), redis.llen('{sluice}:unsent')]);
      return left.every((count) => count === 0);
    },
    REST_WITHIN_MS,
  );
}
