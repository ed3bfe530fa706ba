import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadCommands } from '../../src/app/load-commands.ts';
import type { Parts } from '../../src/app/parts.ts';
import { Sluice } from '../../src/app/sluice.ts';
import { ONLY_VOICE } from '../../src/app/voice.ts';
import { BOUNDS } from '../../src/config/bounds.ts';
import { retell } from '../../src/core/audit-story.ts';
import { parseCatalogue } from '../../src/core/catalogue.ts';
import type { PartHealth } from '../../src/core/health.ts';
import type { FaultPoint } from '../../src/core/fault-point.ts';
import { parsePeople } from '../../src/core/people.ts';
import type { ProbeMode } from '../../src/core/probe.ts';
import type { Policy } from '../../src/core/policy.ts';
import { parsePolicy } from '../../src/core/policy.ts';
import type { Result } from '../../src/core/result.ts';

import type { Log } from '../../src/observe/log.ts';
import { seedObjects } from '../lab/conftool-data.ts';
import { FakeBalancers } from './fake-balancers.ts';
import { FakeChat } from './fake-chat.ts';
import { FakeConftool } from './fake-conftool.ts';
import { FakeKubernetes } from './fake-kubernetes.ts';
import { FakeMetrics } from './fake-metrics.ts';
import { FakeProber } from './fake-prober.ts';
import { MemoryStore } from './memory-store.ts';
import { StageAudit } from './stage-audit.ts';
import { StageClock } from './stage-clock.ts';
import { StageQueue } from './stage-queue.ts';

/** The channel of every story; `#ops` in its text. */
const CHANNEL = '#wikimedia-operations';

/** A new process gets its turn of the same world. */
const START = Date.parse('2026-11-23T10:43:07Z');
/** What one write takes, so that durations are not all zero. */
const WRITE_MS = 600;
const IDS = ['k7f', 'm3k', 'p4w', 'q8r', 't5n', 'w2h', 'c6d', 'f9s'];
const SCOPE = [{ cluster: 'maps' }, { types: ['discovery', 'geodns'] }];

/** The example policy, as the lab has it too. */
const POLICY = `
- {commands: [depool], when: lbDown, ask: [sre], approvals: 0}
- {commands: [depool], maxHosts: 1, per: 30m, ask: [sre], approvals: 0, breakGlass: true}
- {commands: [undo], within: 1h, ask: [sre], approvals: 0}
- {commands: [pool, depool, weight, scale, route, undo, repool], states: [production], ask: [sre], approve: [sre], approvals: 1, expires: 15m, maxShareRemoved: 50}
`;

const DEPLOYMENTS = [
  {
    name: 'kartotherian',
    namespace: 'kartotherian',
    deployment: 'kartotherian-main',
    min: 2,
    max: 100,
    service: 'kartotherian-k8s-ssl',
    helmfile: { file: 'values.yaml', key: 'resources.replicas' },
    rpsPerPod: 7.5,
    deadlineMs: 60_000,
  },
];

const PEOPLE = ['elukey', 'jijiki', 'akosiaris'].map((name) => ({
  name,
  irc: name,
  slack: `U0${name.toUpperCase()}`,
  os: name,
  roles: name === 'jijiki' ? ['sre', 'admin'] : ['sre'],
}));

/** Sluice whole, on fakes that are held to the same contracts as the real services, with a clock that a story moves. */
export class Stage {
  readonly clock = new StageClock(START);
  readonly queue = new StageQueue();
  readonly audit = new StageAudit(this.clock);
  readonly chat = new FakeChat(this.clock, { transport: 'irc', channels: [CHANNEL], own: '#ops' });
  /** The other network, when a story has it. */
  readonly slack = new FakeChat(this.clock, { transport: 'slack', channels: ['C0OPS'], own: 'slack' });
  withSlack = false;
  /** The consoles of the host, when a story has them. */
  readonly console = new FakeChat(this.clock, {
    transport: 'console',
    channels: ['console'],
    own: 'console',
  });
  withConsole = false;
  readonly conftool = new FakeConftool(SCOPE);
  readonly store = new MemoryStore();
  readonly balancers = new FakeBalancers(this.conftool, this.clock, catalogue());
  readonly metrics = new FakeMetrics(this.clock);
  readonly prober = new FakeProber();
  readonly kubernetes = new FakeKubernetes(this.clock);
  withKubernetes = false;
  /** What helmfile's file says. */
  declared: number | undefined = 65;
  probeMode: ProbeMode | undefined;
  dependencies: Parts['settings']['dependencies'] = [];
  policy: Policy = mustParse(parsePolicy(parse(POLICY)));
  /** people.yaml. */
  people: readonly object[] = PEOPLE;
  /** What the audit log knows of messages before this process. */
  private heard: ReadonlyMap<string, string> = new Map();
  stopFile: string | undefined;
  /** The process is killed when it passes this point. */
  crashAt: FaultPoint | undefined;
  /** No worker takes jobs. */
  workerAway = false;
  /** Everything that left Sluice, in order: lines said and objects written. */
  readonly seen: string[] = [];
  /** Bugs that were logged: a story in which one is logged fails. */
  readonly bugs: string[] = [];
  private sluice: Sluice;
  private readonly commands: Parts['settings']['commands'];
  private acknowledgedBy: string | undefined;
  private stashbotAnswers = false;
  private answered = 0;
  private ids = 0;
  private isDead = false;
  private killed: (() => void) | undefined;

  private constructor(commands: Parts['settings']['commands'], acknowledgedBy: string | undefined) {
    this.commands = commands;
    this.acknowledgedBy = acknowledgedBy;
    this.conftool.seed(seedObjects());
    this.conftool.onWrite = (path, text) => {
      this.clock.pass(WRITE_MS);
      this.seen.push(`etcd ${path} ${text}`);
    };
    this.kubernetes.onWrite = (line) => {
      this.clock.pass(WRITE_MS);
      this.seen.push(`kube ${line}`);
    };
    this.slack.edits = true;
    this.slack.roomBytes = 2800;
    this.console.reactions = false;
    for (const chat of [this.chat, this.slack, this.console])
      chat.onLine = (line) => {
        this.seen.push(line);
      };
    this.sluice = this.startProcess();
  }

  static async open(options: { readonly acknowledgedBy?: string } = {}): Promise<Stage> {
    return new Stage(await loadCommands(), options.acknowledgedBy);
  }

  /** The old process is gone; a new one begins on what the journal and production hold. */
  restart(): void {
    this.crashAt = undefined;
    const { operations } = retell(this.audit.entries);
    this.heard = new Map(operations.map(({ id, request }) => [request.eventKey, id]));
    this.sluice = this.startProcess();
  }

  /** Time passes, and the sweeper looks around each second of it that matters. */
  async wait(ms: number): Promise<void> {
    this.clock.pass(ms);
    await this.settle();
    if (!this.isDead) await this.sluice.sweep();
    await this.settle();
  }

  /** Until nothing is left to do at this moment. */
  async settle(): Promise<void> {
    for (let rounds = 0; rounds < 3; rounds++) {
      if (!this.workerAway) await this.queue.drain();
      await this.sluice.watched();
      await this.sluice.outbox.idle();
      await this.answerLogLines();
    }
  }

  /** The log bot comes, goes, falls silent or answers; before it is first spoken of there is none. */
  stashbot(what: string): void {
    if (this.acknowledgedBy === undefined) {
      this.acknowledgedBy = 'stashbot';
      this.restart();
    }
    if (what === 'leaves') this.chat.absent.add('stashbot');
    else this.chat.absent.delete('stashbot');
    this.stashbotAnswers = what === 'answers';
    this.answered = this.logLines();
  }

  private async answerLogLines(): Promise<void> {
    if (!this.stashbotAnswers) return;
    for (; this.answered < this.logLines(); this.answered++)
      await this.chat.say(
        'stashbot',
        'stashbot',
        'Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log',
      );
  }

  private logLines(): number {
    return this.chat.sent.filter(({ line }) => line.startsWith('!log ')).length;
  }

  /** As after a time without chat. */
  async lookForUnsaid(): Promise<void> {
    await this.sluice.outbox.reload();
  }

  async sweep(): Promise<void> {
    if (!this.isDead) await this.sluice.sweep();
    await this.settle();
  }

  /** What a killed process does at the point where it dies: nothing more, ever. */
  private startProcess(): Sluice {
    const died = new Promise<never>(() => undefined);
    let alive = true;
    this.store.beginAnew();
    this.isDead = false;
    const chats = [
      this.chat,
      ...(this.withSlack ? [this.slack] : []),
      ...(this.withConsole ? [this.console] : []),
    ];
    const parts: Parts = {
      conftool: this.conftool,
      loadBalancers: this.balancers,
      metrics: this.metrics,
      kubernetes: this.withKubernetes ? this.kubernetes : undefined,
      prober: this.prober,
      store: this.store,
      queue: this.queue,
      audit: this.audit,
      clock: this.clock,
      chats,
      voice: ONLY_VOICE,
      stopFile: { present: () => Promise.resolve(this.stopFile) },
      log: this.log(),
      faultPoint: (point) => {
        if (point !== this.crashAt) return undefined;
        alive = false;
        this.isDead = true;
        this.killed?.();
        return died;
      },
      settings: {
        commands: this.commands,
        catalogue: catalogue(),
        groups: [
          { name: 'bare metal', pattern: /^maps\d/ },
          { name: 'wikikube', pattern: /^wikikube-worker/ },
        ],
        scope: SCOPE,
        people: () => mustParse(parsePeople(this.people)),
        policy: () => this.policy,
        networks: this.withSlack ? 2 : 1,
        places: chats.flatMap(({ transport, channels }) =>
          channels.map((channel) => ({ transport, channel })),
        ),
        groupRoles: {},
        signingKey: 'the key of the stage',
        sal: { transport: 'irc', channel: CHANNEL, acknowledgedBy: this.acknowledgedBy },
        takeUpMs: 10_000,
        probeMode: this.probeMode,
        dependencies: this.dependencies,
        bounds: BOUNDS,
        deployments: this.withKubernetes ? DEPLOYMENTS : [],
        heardBefore: (eventKey) => this.heard.get(eventKey),
        declaredReplicas: () => Promise.resolve(this.declared),
        operationId: () => IDS[this.ids++] ?? `z${String(this.ids)}`,
      },
      health: () => this.health(),
    };
    const sluice = new Sluice(parts);
    sluice.watchChanges();
    for (const chat of [this.chat, this.slack, this.console])
      chat.start(
        (event) => (alive ? sluice.hear(event) : Promise.resolve()),
        () => undefined,
      );
    // Jobs that a dead process had in its hands are lost.
    this.queue.start((id) => (this.isDead ? Promise.resolve() : this.untilKilled(sluice.run(id))));
    return sluice;
  }

  private untilKilled(work: Promise<void>): Promise<void> {
    return Promise.race([
      work,
      new Promise<void>((resolve) => {
        this.killed = resolve;
      }),
    ]);
  }

  private async health(): Promise<readonly PartHealth[]> {
    const [store, conftool] = await Promise.all([this.store.ping(), this.conftool.ping()]);
    return [
      { part: 'redis', ok: store.ok, text: '' },
      { part: 'etcd', ok: conftool.ok, text: '' },
      { part: 'irc', ok: this.chat.state() === 'ready', text: '' },
    ];
  }

  private log(): Log {
    const quiet = (): void => undefined;
    return {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (fields, message) => {
        if (message === 'bug') this.bugs.push(JSON.stringify(fields));
      },
    };
  }
}

function catalogue(): Parts['settings']['catalogue'] {
  const file = fileURLToPath(new URL('../lab/conftool-data/service.yaml', import.meta.url));
  return mustParse(parseCatalogue(parse(readFileSync(file, 'utf8'))));
}

function mustParse<T>(parsed: Result<T, unknown>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault));
  return parsed.value;
}
