// What `npm run lab` runs: the world on loopback, Sluice in it, and a chat prompt. With a pipe on stdin it is a demo:
// each line waits until the answers to the one before have come.
import { createInterface } from 'node:readline/promises';
import { readThrown } from '../../src/core/thrown.ts';
import type { ChannelView } from './channel-view.ts';
import { followChannel } from './channel-view.ts';
import type { Lab } from './lab.ts';
import { startLab } from './lab.ts';
import { carryOut } from './prompt.ts';
import type { PromptState } from './prompt.ts';
import { makeScreen } from './screen.ts';
import { PEOPLE } from './world-files.ts';

const INTERRUPTED = 130;
const STOP_WITHIN_MS = 10_000;
/** npm passes on a Ctrl-C that the terminal has sent already: only a later one is a second request. */
const SAME_SIGNAL_MS = 1000;

const screen = makeScreen();
const starting = startLab({ traffic: true, slack: true, kubernetes: '1m' });
let endingSince: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, interrupt);
}
process.stdout.on('error', () => {
  end(1);
});

try {
  await converse(await starting);
  end(0);
} catch (error) {
  if (endingSince === undefined)
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  end(1);
}

async function converse(lab: Lab): Promise<void> {
  const sluice = lab.startSluice();
  const [watcher] = await Promise.all([lab.person('elukey'), lab.person('jijiki'), sluice.ready]);
  const view = followChannel(watcher, { channel: lab.channel, bot: 'sluice', show: screen.showLine });
  screen.tell(welcome(lab));
  void tellOfClusters(lab);
  try {
    await readLines(lab, view, { person: 'elukey', sluice });
  } finally {
    view.close();
  }
}

async function readLines(lab: Lab, view: ChannelView, first: PromptState): Promise<void> {
  const isTyped = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, ...(isTyped ? { output: process.stdout } : {}) });
  lines.on('SIGINT', interrupt);
  let state = first;
  const prompt = (): void => {
    lines.setPrompt(`${state.person}> `);
    if (isTyped) lines.prompt(true);
  };
  screen.keepBelow(isTyped ? prompt : undefined);
  prompt();
  for await (const line of lines) {
    const next = await carryOut(line, state, { lab, view, tell: screen.tell });
    if (next === 'quit') break;
    state = next;
    if (!isTyped) await view.settled();
    prompt();
  }
  screen.keepBelow(undefined);
  lines.close();
}

/** They are built the first time, which takes minutes; chat works at once. */
async function tellOfClusters({ clusters }: Lab): Promise<void> {
  try {
    await clusters;
    screen.tell('the clusters eqiad and codfw have joined. Try:  !scale kartotherian 70 dc=eqiad');
  } catch (error) {
    if (endingSince === undefined) screen.tell(`no clusters: ${readThrown(error).message}`);
  }
}

function welcome(lab: Lab): string {
  return [
    `IRC on 127.0.0.1 port ${String(lab.irc.port)} (TLS ${String(lab.irc.tlsPort)}), channel ${lab.channel}`,
    `accounts ${PEOPLE.join(', ')}, password pw-NAME: SASL or /msg NickServ IDENTIFY NAME PASSWORD, any nick`,
    `Slack, as a page: ${lab.slack?.pageUrl ?? 'none'}   (/slack TEXT says it there, /press approve ID)`,
    `Sluice: ${lab.configFile}, health on ${lab.httpUrl}/readyz`,
    'Try:  !pool wikikube-worker1001 kartotherian-k8s-ssl first worker - T378944',
    'Then: /as jijiki   and   !approve ID   (/help has the rest, Ctrl-C stops everything)',
    'Kubernetes: two clusters join when they are built (about seven minutes the first time), and it is said when',
    'To see what nobody saw in 2025: /sick wikikube-worker1001 mute   and pool it; /lb kartotherian-k8s-ssl; /load 30',
  ].join('\n');
}

/** Asked again, it ends at once: the exit hook of the lab kills what is left. */
function interrupt(): void {
  if (endingSince !== undefined && Date.now() - endingSince > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
  end(INTERRUPTED);
}

/** Stops the lab, then this process; when stopping takes too long, this process all the same. The first status counts. */
function end(status: number): void {
  if (endingSince !== undefined) return;
  endingSince = Date.now();
  screen.keepBelow(undefined);
  setTimeout(() => process.exit(status), STOP_WITHIN_MS).unref();
  void starting
    .then((lab) => lab.stop())
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
    })
    .finally(() => process.exit(status));
}
