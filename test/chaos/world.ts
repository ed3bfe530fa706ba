import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyAudit } from '../../src/adapters/audit/read.ts';
import type { AuditLine } from '../../src/adapters/audit/audit-line.ts';
import { connectionOptions } from '../../src/adapters/redis/place.ts';
import { openRedisStore } from '../../src/adapters/redis/store.ts';
import { nodePath } from '../../src/core/node.ts';
import type { NodeOperation } from '../../src/core/operation.ts';
import { isFinal, isOnNodes } from '../../src/core/operation.ts';
import type { Result } from '../../src/core/result.ts';
import type { Store } from '../../src/ports/store.ts';
import { deleteKey, putValue } from '../lab/etcd.ts';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { IrcPerson } from '../lab/irc-client.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import { PEOPLE } from '../lab/world-files.ts';
import type { Evidence } from './evidence.ts';
import type { Ask, History, Life } from './plan-history.ts';

/** A log line is noted so soon after it is in the channel, by a process that runs. */
const NOTED_WITHIN_MS = 1000;
const QUIET_WITHIN_MS = 30_000;
/** Longer than a start may take: only what ends the wait for it. */
const FROZEN_WITHIN_MS = 60_000;
const SAY_AGAIN_MS = 2000;
const BALLAST = 40;
/** Of the journal's newest operations, more than any round makes. */
const NEWEST = 100;

const POLICY = `rules:
  - {commands: [weight], ask: [sre], approvals: 0, maxShareRemoved: 100}
  - {commands: [pool, depool], ask: [sre], approve: [sre], approvals: 1, maxShareRemoved: 100}
limits:
  perPerson: {writes: 100000, per: 10m, waiting: 1000}
  everybody: {objects: 100000, per: 10m}
`;

/** One lab for all histories of a run: its people, its human, its Sluices, and what is seen of them. */
export class World {
  private readonly lab: Lab;
  private readonly events: EtcdEvents;
  private readonly store: Store;
  private readonly people: ReadonlyMap<string, IrcPerson>;
  private readonly watcher: IrcPerson;
  private readonly human = new Set<number>();
  private readonly unnoted = new Set<string>();
  /** Another tree of sources than ours, for a Sluice that is broken on purpose. */
  private readonly root: string | undefined;
  private sluice: SluiceProcess | undefined;
  /** What was said, by history. */
  private readonly asked = new Map<string, readonly string[]>();
  private marks = 0;
  private lives = 0;
  /** When this life was frozen, unless it has had the time since to note what it had said. */
  private frozenAt: number | undefined;
  private meddled = 0;

  private constructor(parts: {
    readonly lab: Lab;
    readonly events: EtcdEvents;
    readonly store: Store;
    readonly people: ReadonlyMap<string, IrcPerson>;
    readonly watcher: IrcPerson;
    readonly root: string | undefined;
  }) {
    this.lab = parts.lab;
    this.events = parts.events;
    this.store = parts.store;
    this.people = parts.people;
    this.watcher = parts.watcher;
    this.root = parts.root;
  }

  static async open(options: { readonly root?: string } = {}): Promise<World> {
    const lab = await startLab();
    writeFileSync(join(lab.configFile, '..', 'policy.yaml'), POLICY);
    // What carries the pools, so that no guard rail is in the way.
    for (const service of ['kartotherian-k8s-ssl', 'kartotherian'])
      for (let number = 0; number < BALLAST; number++)
        await putValue(
          keyUrl(lab, `pools/eqiad/maps/${service}/ballast${String(1000 + number)}.eqiad.wmnet`),
          '{"weight": 10, "pooled": "yes"}',
        );
    const people = new Map(
      await Promise.all(PEOPLE.map(async (name) => [name, await lab.person(name)] as const)),
    );
    const quiet = (): void => undefined;
    const store = await openRedisStore({
      connection: connectionOptions({ url: lab.redis.url }),
      retentionMs: 3_600_000,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const watcher = people.get(PEOPLE[0]);
    if (watcher === undefined) throw new Error('nobody is there');
    return new World({
      lab,
      events: await followEtcd(lab.etcd.url),
      store,
      people,
      watcher,
      root: options.root,
    });
  }

  async close(): Promise<void> {
    this.events.close();
    await this.store.close();
    await this.lab.stop();
  }

  /** Plays histories side by side under the same lives of Sluice. @returns what there is to be seen of each when all is quiet. */
  async play(histories: readonly History[], lives: readonly Life[]): Promise<readonly Evidence[]> {
    const since = this.watcher.lines.length;
    for (const { path, text } of histories.flatMap(({ objects }) => objects)) await this.write(path, text);
    const [first, ...others] = lives;
    await this.start(first?.faultPoints);
    const stopApproving = this.approve(histories, since);
    const acting = histories.map((history) => this.act(history));
    if (first !== undefined) await this.live(first);
    for (const life of others) {
      await this.start(life.faultPoints);
      await Promise.all([this.live(life), this.askAgain(histories)]);
    }
    await Promise.all(acting);
    stopApproving();
    await this.start(undefined);
    await this.comeToRest(histories);
    await this.note();
    const evidence = await Promise.all(histories.map((history) => this.look(history, since)));
    for (const { path } of histories.flatMap(({ objects }) => objects))
      await deleteKey(keyUrl(this.lab, path));
    await this.end('SIGTERM');
    return evidence;
  }

  /** A direct write to etcd by nobody whom Sluice knows. */
  async write(path: string, text: string): Promise<void> {
    const answer = await fetch(keyUrl(this.lab, path), {
      method: 'PUT',
      body: new URLSearchParams({ value: text }),
    });
    const { node } = (await answer.json()) as { node: { modifiedIndex: number } };
    this.human.add(node.modifiedIndex);
  }

  async start(faultPoints: string | undefined): Promise<void> {
    this.sluice = this.lab.startSluice({
      ...(faultPoints === undefined ? {} : { env: { SLUICE_FAULT_POINTS: faultPoints } }),
      ...(this.root === undefined ? {} : { root: this.root }),
    });
    const { process, ready } = this.sluice;
    // It may be killed, or frozen by a fault point, before it is ready.
    let isOver = false;
    const frozen = waitUntil('it is frozen', () => isOver || process.isStopped(), FROZEN_WITHIN_MS);
    await Promise.race([ready, process.exited, frozen]).finally(() => (isOver = true));
  }

  private async act(history: History): Promise<void> {
    await Promise.all([
      ...history.asks.map(async (ask) => {
        await sleep(ask.at);
        this.ask(history, ask);
      }),
      ...history.humanWrites.map(async ({ at, path, text }) => {
        await sleep(at);
        await this.write(path, text);
      }),
    ]);
  }

  private ask({ name }: History, { person, line, tag }: Ask): void {
    this.asked.set(name, [...(this.asked.get(name) ?? []), tag]);
    this.say(person, `${line} ${tag}`);
  }

  /** Who said something to a Sluice that was dead or died over it says it again to the next one. */
  private async askAgain(histories: readonly History[]): Promise<void> {
    this.lives += 1;
    const known = new Set(must(await this.store.recent(NEWEST)).map(({ request }) => request.reason));
    for (const history of histories)
      for (const ask of history.asks) {
        const tags = this.asked.get(history.name)?.filter((tag) => tag.startsWith(ask.tag)) ?? [];
        if (tags.length > 0 && !tags.some((tag) => known.has(tag)))
          this.ask(history, { ...ask, tag: `${ask.tag} again ${String(this.lives)}` });
      }
  }

  /** Everything that is shown as waiting is approved by somebody else, after a while. @returns what ends it. */
  private approve(histories: readonly History[], since: number): () => void {
    const seen = new Set<string>();
    const timer = setInterval(() => {
      for (const { text } of this.watcher.lines.slice(since)) {
        const [, asker, id] = /^(\S+): (\S+) waits for /.exec(text) ?? [];
        const history = histories.find(({ objects }) =>
          objects.some(({ path }) => text.includes(hostOf(path))),
        );
        if (asker === undefined || id === undefined || history === undefined || seen.has(id)) continue;
        seen.add(id);
        setTimeout(() => {
          this.say(this.someoneElse(asker), `!approve ${id}`);
        }, history.approveAfterMs);
      }
    }, 20);
    return () => {
      clearInterval(timer);
    };
  }

  private async live({ faultPoints, freezeAt, wakeAt, end, humanMeddles }: Life): Promise<void> {
    const { sluice } = this;
    const beginning = Date.now();
    const frozenAt = faultPoints?.includes('=stop') === true ? 0 : freezeAt;
    if (frozenAt !== undefined && end.at - wakeAt < NOTED_WITHIN_MS) this.frozenAt = beginning + frozenAt;
    const until = (at: number): Promise<unknown> =>
      Promise.race([sleep(at - (Date.now() - beginning)), sluice?.process.exited]);
    const meddle = async (): Promise<void> => {
      if (humanMeddles) await this.meddle();
    };
    if (freezeAt !== undefined) {
      await until(freezeAt);
      sluice?.process.freeze();
    }
    await until(wakeAt);
    await meddle();
    sluice?.process.signal('SIGCONT');
    await until(end.at);
    await this.end(end.signal);
    await meddle();
  }

  /** The human changes every object whose write is in doubt. */
  private async meddle(): Promise<void> {
    const operations = must(await this.store.open()).filter(isOnNodes);
    for (const { key } of operations
      .flatMap(({ steps }) => steps)
      .filter(({ state }) => state === 'intent')) {
      this.meddled += 1;
      await this.write(
        `pools/${nodePath(key)}`,
        JSON.stringify({ weight: 100_000 + this.meddled, pooled: 'no' }),
      );
    }
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { sluice } = this;
    if (sluice === undefined) return;
    const endedAt = Date.now();
    sluice.process.signal(signal);
    // A fault point may have stopped it.
    sluice.process.signal('SIGCONT');
    await sluice.process.exited;
    await this.noteUnnoted(this.frozenAt ?? endedAt);
    this.frozenAt = undefined;
  }

  /** Log lines that the channel has got just now, and of which the journal does not know because of a kill in between. */
  private async noteUnnoted(livedUntil: number): Promise<void> {
    const rows = must(await this.store.unsentRows(1000)).filter(({ kind }) => kind === 'sal');
    if (rows.length === 0) return;
    await this.note();
    const fresh = this.watcher.lines.filter(
      ({ at, text }) => at > livedUntil - NOTED_WITHIN_MS && text.startsWith('!log '),
    );
    for (const { key, op } of rows)
      if (fresh.some(({ text }) => text.includes(`[${op ?? ''}]`))) this.unnoted.add(key);
  }

  /** What the network had before this line it has shown to everybody who sees this line. */
  private async note(): Promise<void> {
    this.marks += 1;
    const mark = `mark ${String(this.marks)}`;
    const since = this.watcher.lines.length;
    this.watcher.say(this.lab.channel, mark);
    await this.watcher.waitFor(({ text }) => text === mark, undefined, { since });
  }

  /** Until every operation has ended and all is said; what waits for people is decided by people. */
  private async comeToRest(histories: readonly History[]): Promise<void> {
    let saidAt = 0;
    await waitUntil(
      'all is quiet',
      async () => {
        const read = await this.store.recent(NEWEST);
        if (!read.ok) return false;
        const open = read.value.filter(isOnNodes).filter(({ state }) => !isFinal(state));
        if (open.length > 0 && Date.now() - saidAt > SAY_AGAIN_MS) {
          saidAt = Date.now();
          for (const operation of open) this.decide(operation);
        }
        const unsent = await this.store.unsentRows(1);
        return open.length === 0 && unsent.ok && unsent.value.length === 0;
      },
      QUIET_WITHIN_MS,
    ).catch((error: unknown) => {
      // What has not ended is found by the check, with its name.
      process.stderr.write(`${histories.map(({ name }) => name).join(', ')}: ${String(error)}\n`);
    });
  }

  private decide({ id, state, request }: NodeOperation): void {
    const other = this.someoneElse(request.person);
    if (state === 'awaiting-approval') this.say(other, `!approve ${id}`);
    if (state === 'held') this.say(other, `!cancel ${id}`);
    if (state === 'uncertain') this.say(other, `!settle ${id}`);
  }

  private async look({ name, objects }: History, since: number): Promise<Evidence> {
    const tags = this.asked.get(name) ?? [];
    const operations = must(await this.store.recent(NEWEST))
      .filter(isOnNodes)
      .filter(({ request }) => tags.includes(request.reason));
    const ids = new Set(operations.map(({ id }) => id));
    const rows = must(await this.store.salRows(1000));
    const auditFile = join(this.lab.stateDir, 'audit.log');
    const chain = await verifyAudit(auditFile);
    const audit = readFileSync(auditFile, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditLine);
    return {
      asked: tags,
      acknowledged: this.watcher.lines.slice(since).flatMap(({ text }) => {
        const [, id] = /^\S+: (\S+) (?:waits for|needs no approval)/.exec(text) ?? [];
        return id !== undefined && objects.some(({ path }) => text.includes(hostOf(path))) ? [id] : [];
      }),
      operations,
      events: this.events.all.filter(({ path }) => objects.some((object) => object.path === path)),
      human: this.human,
      logRows: rows.flatMap(({ key, op }) => (op !== undefined && ids.has(op) ? [{ key, op }] : [])),
      logLines: this.logLines(since),
      unnoted: this.unnoted,
      audit: audit.filter(({ op }) => op !== null && ids.has(op)),
      brokenChain: chain.ok ? undefined : chain.fault,
    };
  }

  private logLines(since: number): readonly string[] {
    return this.watcher.lines
      .slice(since)
      .flatMap(({ text, account }) => (account === 'sluice' && text.startsWith('!log ') ? [text] : []));
  }

  private someoneElse(name: string): string {
    return PEOPLE.find((other) => other !== name) ?? name;
  }

  private say(person: string, text: string): void {
    this.people.get(person)?.say(this.lab.channel, text);
  }
}

function keyUrl(lab: Lab, path: string): string {
  return `${lab.etcd.url}/v2/keys/conftool/v1/${path}`;
}

function hostOf(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/\..*/, '');
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}
