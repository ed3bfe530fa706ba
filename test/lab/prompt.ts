import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelView } from './channel-view.ts';
import { runConfctl } from './confctl.ts';
import { describeEtcdPath } from './etcd-read.ts';
import type { Lab } from './lab.ts';
import type { SluiceProcess } from './sluice-process.ts';
import { PEOPLE } from './world-files.ts';

/** What a typed line may act on. */
export interface PromptWorld {
  readonly lab: Lab;
  readonly view: ChannelView;
  /** Prints a line of the lab's own, not of the channel. */
  readonly tell: (text: string) => void;
}

/** Who types, and the Sluice that runs: changes with `/as`, `/kill` and `/start`. */
export interface PromptState {
  readonly person: string;
  readonly sluice: SluiceProcess;
}

const PROMPT_HELP = `Lines go to the channel as the current person. The word ID stands for the newest operation.
/as NAME          speak as another person: ${PEOPLE.join(', ')}
/react [ID]       react with ✅ to the line that shows the request
/etcd PATH        show an object or a folder, as under /conftool/v1: pools/eqiad/maps
/confctl ARGS     run the real confctl on the lab's etcd (the first time it is installed)
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
    case 'etcd':
      tell(await describeEtcdPath(lab.etcd.url, args[0] ?? ''));
      return;
    case 'confctl':
      return confctl(args, world);
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
