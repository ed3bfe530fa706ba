import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runConfctl } from './confctl.ts';
import { describeEtcdPath } from './etcd-read.ts';
import { pressOnSlack, sayOnSlack } from './prompt-slack.ts';
import type { PromptWorld } from './prompt-world.ts';
import { startLoad } from './traffic/load.ts';
import { labServices } from './traffic/services.ts';
import type { SluiceProcess } from './sluice-process.ts';
import { PEOPLE } from './world-files.ts';

/** Who types, and the Sluice that runs: changes with `/as`, `/kill` and `/start`. */
export interface PromptState {
  readonly person: string;
  readonly sluice: SluiceProcess;
}

const PROMPT_HELP = `Lines go to the channel as the current person. The word ID stands for the newest operation.
/as NAME          speak as another person: ${PEOPLE.join(', ')}
/react [ID]       react with ✅ to the line that shows the request
/slack TEXT       say it on Slack as the current person; /press approve|deny|cancel|undo [ID] presses a button of the card
/etcd PATH        show an object or a folder, as under /conftool/v1: pools/eqiad/maps
/confctl ARGS     run the real confctl on the lab's etcd (the first time it is installed)
/sick HOST WHAT   make a host sick: mute (accepts, never answers), dead, 503, slow:MS, tls, tls:NAME; /well HOST
/lb SERVICE       what the load balancers do with it
/load [SECONDS]   20 requests a second through the load balancer of eqiad, and what came of them
/kill, /start     kill -9 Sluice, start it again
/stop-file, /no-stop-file   make or remove the STOP file in Sluice's state folder
/help, /quit`;

/** Carries out one typed line. `quit` ends the prompt; else the state for the next line. */
export async function carryOut(
  line: string,
  state: PromptState,
  world: PromptWorld,
): Promise<PromptState | 'quit'> {
  const text = line.trim().replace(/\bID\b/g, (word) => world.view.newestOperation() ?? word);
  if (text === '') return state;
  if (!text.startsWith('/')) {
    const person = await world.lab.person(state.person);
    world.view.expectAnswer();
    person.say(world.lab.channel, text);
    return state;
  }
  const [name = '', ...args] = splitWords(text.slice(1));
  if (name === 'quit') return 'quit';
  if (name === 'as') return switchPerson(args[0], state, world);
  if (name === 'start') return startAgain(state, world);
  await act(name, args, state, world);
  return state;
}

async function act(
  name: string,
  args: readonly string[],
  state: PromptState,
  world: PromptWorld,
): Promise<void> {
  const { lab, tell } = world;
  switch (name) {
    case 'react':
      return react(args[0], state, world);
    case 'slack':
      return sayOnSlack(args.join(' '), state.person, world);
    case 'press':
      return pressOnSlack({ action: args[0], id: args[1], person: state.person }, world);
    case 'etcd':
      tell(await describeEtcdPath(lab.etcd.url, args[0] ?? ''));
      return;
    case 'confctl':
      return confctl(args, world);
    case 'sick':
      return makeSick(args[0], args[1], world);
    case 'well':
      return makeSick(args[0], 'well', world);
    case 'lb':
      return showBalancers(args[0], world);
    case 'load':
      load(Number(args[0] ?? '20'), world);
      return;
    case 'kill':
      state.sluice.process.signal('SIGKILL');
      await state.sluice.process.exited;
      tell('Sluice is killed. /start starts it again.');
      return;
    case 'stop-file':
      writeFileSync(join(lab.stateDir, 'STOP'), '');
      tell(`${lab.stateDir}/STOP is there: no worker writes.`);
      return;
    case 'no-stop-file':
      rmSync(join(lab.stateDir, 'STOP'), { force: true });
      tell('The STOP file is gone.');
      return;
    case 'help':
      tell(PROMPT_HELP);
      return;
    default:
      tell(`Unknown: /${name}. Try /help.`);
  }
}

const KINDS = /^(?:mute|dead|503|slow:\d+|tls|tls:[\w.-]+|well)$/;

async function makeSick(
  host: string | undefined,
  what: string | undefined,
  { lab, tell }: PromptWorld,
): Promise<void> {
  const hosts = Object.keys(lab.traffic?.backends.addresses ?? {});
  const name = hosts.find((known) => known === host || known.split('.')[0] === host);
  if (name === undefined || what === undefined || !KINDS.test(what)) {
    tell('Say /sick HOST mute|dead|503|slow:MS|tls|tls:NAME, with a host of cluster maps.');
    return;
  }
  await lab.traffic?.backends.setSick(name, what);
  tell(`${name} is ${what} now.`);
}

async function showBalancers(service: string | undefined, { lab, tell }: PromptWorld): Promise<void> {
  const { name, port } = labServices().find((one) => one.service === service) ?? {};
  for (const balancer of Object.values(lab.traffic?.pybal ?? {})) {
    const pool = await balancer.pool(`${name ?? ''}_${String(port)}`);
    if (pool === undefined) {
      tell(`${balancer.name} has no ${service ?? 'SERVICE'}`);
      continue;
    }
    const lines = Object.entries(pool).map(
      ([host, { pooled, weight, up, enabled }]) =>
        `  ${host} ${enabled ? 'enabled' : 'disabled'}/${up ? 'up' : 'DOWN'}/${pooled ? 'pooled' : 'not pooled'} weight ${String(weight)}`,
    );
    tell([`${balancer.name}:`, ...lines].join('\n'));
  }
}

function load(seconds: number, { lab, tell }: PromptWorld): void {
  const url = lab.traffic?.haproxy['eqiad']?.frontends['kartotherian-k8s-ssl'];
  if (url === undefined || !(seconds > 0 && seconds <= 300)) {
    tell('Say /load SECONDS, at most 300.');
    return;
  }
  tell(`20 requests a second for ${String(seconds)} s.`);
  // It goes on beside what is typed, and tells when it is over.
  void startLoad({ url, rps: 20, seconds }).result.then(({ sent, ok, failed, p50, p99 }) => {
    tell(
      `${String(sent)} sent, ${String(ok)} answered, ${String(failed)} failed; p50 ${String(p50)} ms, p99 ${String(p99)} ms`,
    );
  });
}

async function confctl(args: readonly string[], { lab, tell }: PromptWorld): Promise<void> {
  const { code, stdout, stderr } = await runConfctl(lab.etcd.url, args);
  if (code === 0 && stdout !== '') tell(stdout.trimEnd());
  else tell(`${stdout}${stderr}confctl ended with status ${String(code)}`);
}

async function switchPerson(
  name: string | undefined,
  state: PromptState,
  { lab, tell }: PromptWorld,
): Promise<PromptState> {
  const person = PEOPLE.find((known) => known === name);
  if (person === undefined) {
    tell(`Nobody of that name: ${PEOPLE.join(', ')}`);
    return state;
  }
  await lab.person(person);
  tell(`You are ${person}.`);
  return { ...state, person };
}

async function startAgain(state: PromptState, { lab, tell }: PromptWorld): Promise<PromptState> {
  if (state.sluice.isRunning()) {
    tell('Sluice is running.');
    return state;
  }
  const sluice = lab.startSluice();
  try {
    await sluice.ready;
    tell('Sluice is ready.');
  } catch (error) {
    tell(String(error));
  }
  return { ...state, sluice };
}

async function react(
  id: string | undefined,
  state: PromptState,
  { lab, view, tell }: PromptWorld,
): Promise<void> {
  const operation = id ?? view.newestOperation();
  const message = operation === undefined ? undefined : view.requestMessage(operation);
  if (message === undefined) {
    tell(`Sluice has shown no request ${operation ?? ''} yet.`);
    return;
  }
  const person = await lab.person(state.person);
  view.expectAnswer();
  person.react(lab.channel, message, '✅');
  // A reaction is no line of the channel: without this nobody would see that it was sent.
  tell(`${state.person} reacts with ✅ to ${operation ?? ''}`);
}

/** Words as a shell would see them, as far as quotes go: lines for confctl are pasted as Sluice prints them. */
function splitWords(text: string): readonly string[] {
  const words = text.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words.map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
}
