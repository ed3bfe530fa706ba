import assert from 'node:assert';
import { parse } from 'yaml';
import type { FaultPoint } from '../../src/core/fault-point.ts';
import { FAULT_POINTS } from '../../src/core/fault-point.ts';
import { expandHosts } from '../../src/core/hosts.ts';
import { nodePath } from '../../src/core/node.ts';
import { retell } from '../../src/core/audit-story.ts';
import type { Operation } from '../../src/core/operation.ts';
import { isOnNodes } from '../../src/core/operation.ts';
import type { ProbeMode } from '../../src/core/probe.ts';
import { parsePolicy } from '../../src/core/policy.ts';
import { Stage } from './stage.ts';
import type { Exchange } from './transcript.ts';

const ENDPOINT = 'https://conf1007.eqiad.wmnet:4001';

/**
 * Plays the exchanges of a story and returns them with what Sluice really said and did: each line in the channel, each write to production, in order.
 *
 * What may happen (`NICK` is logged in under that name; `NICK|ACCOUNT` under another; `NICK|-` not at all):
 *
 *     #ops <NICK> TEXT            #ops <NICK> react EMOJI ID      private <NICK> TEXT
 *     replay <NICK> TEXT          late 90s <NICK> TEXT            again
 *     wait 7m30s                  restart                         crash POINT
 *     worker away|back            lose-jobs                       stop-file on|off
 *     policy YAML                 audit full|ok                   irc down|up       redis down|up|lost
 *     confctl PATH TEXT           confctl-all POOL TEXT           before-write N EVENT      after-write N EVENT
 *     etcd down|up|no-quorum|read-only|lose-answer applied|not-applied|applied-then-down
 *     forge-vote ID PERSON        forge-plan ID HOST
 *     slack on                    slack <USERID> TEXT|react EMOJI ID|unreact EMOJI ID|press BUTTON ID|edit|delete
 *     slack down|up|private|group ROLE NAMES|group-unread ROLE|group-read
 *                  console on                  console <USER> TEXT
 *     lb on                       lb silent|answers NAME          lb frozen|follows NAME
 *     sick HOSTS [WHAT]           well HOSTS                      probes require|warn|off
 *     rps HOSTS NUMBER            metrics silent|ok               depends HOSTS OF
 *     peak HOST NUMBER            kube on                         declared N|nothing
 *     kube CLUSTER down|up|down-for LOOKS|replace|conflicts N|forbidden|forbidden-write|unauthorized|busy SECONDS|replicas N MANAGER
 *     kube CLUSTER node HOSTS not-ready|cordoned       kube CLUSTER ready N
 *     kube CLUSTER most-ready N|room N|autoscaler MIN MAX|lose-answer applied|not-applied|applied-then-down
 *     at-look N EVENT             stashbot answers|silent|leaves
 */
export async function play(exchanges: readonly Exchange[]): Promise<readonly Exchange[]> {
  const stage = await Stage.open();
  const played: Exchange[] = [];
  for (const { inputs } of exchanges) {
    for (const input of inputs) {
      await happen(stage, input);
      await stage.settle();
    }
    played.push({ inputs, outputs: stage.seen.splice(0) });
  }
  assert.deepEqual(stage.bugs, [], 'a bug was logged');
  assertRetold(stage);
  return played;
}

/** The audit log, retold, says of each operation what the journal says: it is the second copy. */
function assertRetold({ audit, store }: Stage): void {
  const told = new Map(retell(audit.entries).operations.map((operation) => [operation.id, operation]));
  const outline = ({ state, steps, votes }: Operation): object => ({
    state,
    steps: steps.map(({ result }) => result !== undefined),
    votes: votes.map(({ person, verdict }) => `${person} ${verdict}`).sort(),
  });
  for (const operation of store.all()) {
    const retold = told.get(operation.id);
    // What was forged in the journal the log does not know.
    if (retold !== undefined && operation.fault?.kind !== 'forged')
      assert.deepEqual(outline(retold), outline(operation), operation.id);
  }
}

async function happen(stage: Stage, input: string): Promise<void> {
  const [word, rest] = split(input);
  const act = EVENTS[word];
  assert(act !== undefined, `nothing is called '${word}': ${input}`);
  await act(stage, rest);
}

const EVENTS: Readonly<Record<string, (stage: Stage, rest: string) => void | Promise<void>>> = {
  '#ops': (stage, rest) => {
    const { nick, account, text } = speaker(rest);
    const reaction = /^react (\S+) (\S+)$/u.exec(text);
    if (reaction === null) return stage.chat.say(nick, account, text);
    const request = stage.chat.idOf(new RegExp(`: ${reaction[2] ?? ''} waits for`));
    return stage.chat.react(nick, account, request, reaction[1] ?? '');
  },
  private: (stage, rest) => {
    const { nick, account, text } = speaker(rest);
    return stage.chat.say(nick, account, text, { channel: undefined });
  },
  replay: (stage, rest) => {
    const { nick, account, text } = speaker(rest);
    return stage.chat.say(nick, account, text, { replay: true });
  },
  late: (stage, rest) => {
    const [age, said] = split(rest);
    const { nick, account, text } = speaker(said);
    return stage.chat.say(nick, account, text, { at: stage.clock.now() - spanMs(age) });
  },
  again: (stage) => stage.chat.again(),
  wait: (stage, rest) => stage.wait(spanMs(rest)),
  restart: (stage) => {
    stage.restart();
    return stage.sweep();
  },
  crash: (stage, rest) => {
    assert((FAULT_POINTS as readonly string[]).includes(rest), `no fault point is called '${rest}'`);
    stage.crashAt = rest as FaultPoint;
  },
  worker: (stage, rest) => {
    stage.workerAway = rest === 'away';
  },
  'lose-jobs': (stage) => {
    stage.queue.lose();
  },
  'stop-file': (stage, rest) => {
    stage.stopFile = rest === 'on' ? '/var/lib/sluice/STOP' : undefined;
  },
  policy: (stage, rest) => {
    const policy = parsePolicy(parse(rest));
    assert(policy.ok, JSON.stringify(policy));
    stage.policy = policy.value;
  },
  audit: (stage, rest) => {
    stage.audit.full = rest === 'full';
  },
  stashbot: (stage, rest) => {
    stage.stashbot(rest);
  },
  irc: async (stage, rest) => {
    if (rest === 'down') stage.chat.goDown();
    else {
      stage.chat.comeBack();
      await stage.sweep();
    }
  },
  redis: (stage, rest) => {
    if (rest === 'lost') {
      stage.store.lose();
      return;
    }
    const [word, id] = split(rest);
    if (word === 'loses') {
      stage.store.loseOne(id);
      return;
    }
    if (rest === 'down') stage.store.goDown();
    else stage.store.comeBack();
  },
  confctl: (stage, rest) => {
    const [path, text] = split(rest);
    stage.conftool.set(path, text);
  },
  'confctl-all': (stage, rest) => {
    const [pool, text] = split(rest);
    for (const path of stage.conftool.paths())
      if (path.startsWith(`${pool}/`)) stage.conftool.set(path, text);
  },
  'before-write': (stage, rest) => {
    const [number, event] = split(rest);
    stage.conftool.beforeWrite = (write) => (write === Number(number) ? happen(stage, event) : undefined);
  },
  'after-write': (stage, rest) => {
    const [number, event] = split(rest);
    stage.conftool.afterWrite = (write) => (write === Number(number) ? happen(stage, event) : undefined);
  },
  etcd: (stage, rest) => {
    etcd(stage, rest);
  },
  slack: async (stage, rest) => {
    if (rest === 'on') {
      stage.withSlack = true;
      stage.restart();
      return;
    }
    const [what1, group] = split(rest);
    if (what1 === 'group') {
      const [role, names] = split(group);
      stage.slack.groups = { ...stage.slack.groups, [role]: names.split(' ').filter((name) => name !== '') };
      return;
    }
    if (what1 === 'group-unread' || what1 === 'group-read') {
      stage.slack.unread = what1 === 'group-unread' ? group : undefined;
      return;
    }
    if (rest === 'private') {
      stage.slack.isPrivate = true;
      return;
    }
    if (rest === 'down') {
      stage.slack.goDown();
      return;
    }
    if (rest === 'up') {
      stage.slack.comeBack();
      return stage.sweep();
    }
    const { nick, account, text } = speaker(rest);
    const [word, what = '', id = ''] = text.split(' ');
    const card = stage.slack.idOf(new RegExp(`card ${id} `));
    if (word === 'react' || word === 'unreact')
      return stage.slack.react(nick, account, card, what, word === 'unreact');
    if (word === 'press') return stage.slack.press(nick, account, card, { action: what as 'approve', id });
    if (text === 'edit' || text === 'delete')
      return stage.slack.rewrite(nick, account, text === 'edit' ? 'edited' : 'deleted');
    return stage.slack.say(nick, account, text);
  },
  console: async (stage, rest) => {
    if (rest === 'on') {
      stage.withConsole = true;
      stage.restart();
      return;
    }
    const { nick, account, text } = speaker(rest);
    await stage.console.say(nick, account, text);
  },
  lb: async (stage, rest) => {
    const [what, name] = split(rest);
    if (what === 'on') stage.balancers.configured = true;
    else if (what === 'silent' || what === 'answers')
      stage.balancers.silence(name, what === 'silent' ? 'no answer in 1000 ms' : undefined);
    else await stage.balancers.freeze(name, what === 'frozen');
  },
  /** As seen by the load balancers and by who asks the host itself. */
  sick: (stage, rest) => {
    const [hosts, what] = split(rest);
    for (const host of hostsOf(hosts)) {
      stage.balancers.sick.add(host);
      stage.prober.wrong.set(host, what === '' ? 'connection accepted, no answer in 5000 ms' : what);
    }
  },
  well: (stage, rest) => {
    for (const host of hostsOf(rest)) {
      stage.balancers.sick.delete(host);
      stage.prober.wrong.delete(host);
    }
  },
  probes: (stage, rest) => {
    stage.probeMode = rest as ProbeMode;
    stage.restart();
  },
  rps: (stage, rest) => {
    const [hosts, number] = split(rest);
    stage.metrics.configured = true;
    for (const host of hostsOf(hosts)) stage.metrics.rps.set(host, Number(number));
  },
  metrics: (stage, rest) => {
    stage.metrics.configured = true;
    stage.metrics.silent = rest === 'silent';
  },
  depends: (stage, rest) => {
    const [hosts, of] = split(rest);
    stage.dependencies = [...stage.dependencies, { hosts: new Set(hostsOf(hosts)), of }];
    stage.restart();
  },
  'forge-vote': (stage, rest) => {
    const [id, person] = split(rest);
    stage.store.tamper(id, (operation) => ({
      ...operation,
      state: 'queued',
      queuedAt: stage.clock.now(),
      votes: [
        {
          person,
          verdict: 'approve',
          planHash: operation.planHash,
          eventKey: 'irc:x',
          transport: 'irc',
          at: stage.clock.now(),
          signature: 'f'.repeat(64),
        },
      ],
    }));
  },
  kube: (stage, rest) => {
    if (rest === 'on') {
      stage.withKubernetes = true;
      stage.restart();
      return;
    }
    const [cluster, what] = split(rest);
    kube(stage, cluster, what);
  },
  declared: (stage, rest) => {
    stage.declared = rest === 'nothing' ? undefined : Number(rest);
  },
  peak: (stage, rest) => {
    const [host, rps] = split(rest);
    stage.metrics.peaks.set(host, Number(rps));
  },
  'at-look': (stage, rest) => {
    const [number, event] = split(rest);
    stage.kubernetes.onLook = (look) => (look === Number(number) ? happen(stage, event) : undefined);
  },
  'forge-plan': (stage, rest) => {
    const [id, host] = split(rest);
    stage.store.tamper(id, (operation) => {
      assert(isOnNodes(operation), `${id} is about no host`);
      const { plan, steps } = operation;
      const changes = plan.changes.map((change) => ({ ...change, key: { ...change.key, host } }));
      return {
        ...operation,
        plan: { ...plan, changes },
        steps: steps.map((step) => ({ ...step, key: { ...step.key, host } })),
      };
    });
    assert(
      stage.conftool.paths().some((path) => path.endsWith(`/${host}`)),
      nodePath({ dc: '', cluster: '', service: '', host }),
    );
  },
};

function etcd({ conftool }: Stage, what: string): void {
  const down = { kind: 'conftool-unreachable', endpoints: [ENDPOINT], cause: 'ECONNREFUSED' } as const;
  switch (what) {
    case 'up':
      conftool.outage = undefined;
      conftool.writeFault = undefined;
      return;
    case 'down':
      conftool.outage = down;
      return;
    case 'no-quorum':
      conftool.outage = { kind: 'conftool-no-quorum', cause: 'etcdserver: request timed out' };
      return;
    case 'read-only':
      conftool.writeFault = { kind: 'conftool-read-only', endpoint: ENDPOINT };
      return;
    case 'lose-answer applied':
    case 'lose-answer not-applied':
      conftool.loseNextAnswer({ applied: what.endsWith(' applied') });
      return;
    case 'lose-answer applied-then-down':
      conftool.loseNextAnswer({
        applied: true,
        then: () => {
          conftool.outage = down;
        },
      });
      return;
    default:
      assert.fail(`etcd cannot be '${what}'`);
  }
}

function kube({ kubernetes }: Stage, name: string, what: string): void {
  const cluster = kubernetes.of(name);
  const [word, rest] = split(what);
  switch (word) {
    case 'up':
      cluster.fault = undefined;
      return;
    case 'down':
      cluster.fault = { kind: 'cluster-silent', cluster: name, cause: 'connect ECONNREFUSED' };
      return;
    case 'unauthorized':
      cluster.fault = { kind: 'cluster-unauthorized', cluster: name };
      return;
    case 'forbidden':
      cluster.fault = {
        kind: 'cluster-forbidden',
        cluster: name,
        what: 'patch the scale of kartotherian-main',
      };
      return;
    case 'forbidden-write':
      cluster.writeFault = {
        kind: 'cluster-forbidden',
        cluster: name,
        what: 'patch the scale of kartotherian-main',
      };
      return;
    case 'down-for':
      cluster.downLooks = Number(rest);
      return;
    case 'busy':
      cluster.fault = { kind: 'cluster-busy', cluster: name, afterMs: Number(rest) * 1000 };
      return;
    case 'replace':
      cluster.uid = `${cluster.uid}-anew`;
      return;
    case 'conflicts':
      cluster.conflicts = Number(rest);
      return;
    case 'lose-answer':
      assert(rest === 'applied' || rest === 'not-applied' || rest === 'applied-then-down', what);
      cluster.lost.push(rest);
      return;
    case 'most-ready':
      cluster.mostReady = Number(rest);
      return;
    case 'room':
      cluster.room = Number(rest);
      return;
    case 'autoscaler': {
      const [min, max] = rest.split(' ').map(Number);
      cluster.autoscaler = { name: 'kartotherian-main', min: min ?? 0, max: max ?? 0 };
      return;
    }
    case 'node': {
      const [host, how] = split(rest);
      assert(how === 'not-ready' || how === 'cordoned', what);
      for (const one of hostsOf(host)) kubernetes.sickNodes.set(one, how);
      return;
    }
    case 'ready':
      cluster.ready = Number(rest);
      return;
    case 'replicas': {
      const [number, manager] = split(rest);
      kubernetes.set(name, Number(number), manager);
      return;
    }
    default:
      assert.fail(`a cluster cannot be '${what}'`);
  }
}

/** `<NICK|ACCOUNT> TEXT`. */
function speaker(said: string): {
  readonly nick: string;
  readonly account: string | undefined;
  readonly text: string;
} {
  const match = /^<([^|>]+)(?:\|([^>]+))?> (.*)$/su.exec(said);
  assert(match !== null, `who says '${said}'?`);
  const [, nick = '', account = nick, text = ''] = match;
  return { nick, account: account === '-' ? undefined : account, text };
}

/** `maps[1005-1006].eqiad.wmnet`: full names, as the services have them. */
function hostsOf(text: string): readonly string[] {
  const hosts = expandHosts(text);
  assert(hosts.ok, `'${text}' is no list of hosts`);
  return hosts.value;
}

/** The first word, and the rest. */
function split(text: string): [string, string] {
  const at = text.indexOf(' ');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** `7m30s` in milliseconds. */
function spanMs(text: string): number {
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+)([smh])/g)];
  assert(parts.length > 0, `'${text}' is no time`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}
