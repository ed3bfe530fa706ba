import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openConsole } from '../../../src/adapters/console/chat.ts';
import { userId } from '../../../src/adapters/console/user-id.ts';
import { openIrc } from '../../../src/adapters/irc/chat.ts';
import { IRC_BOUNDS } from '../../../src/adapters/irc/options.ts';
import { openSlack } from '../../../src/adapters/slack/chat.ts';
import { SLACK_BOUNDS } from '../../../src/adapters/slack/options.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Chat } from '../../../src/ports/chat.ts';
import { connectIrc } from '../../lab/irc-client.ts';
import { startIrc } from '../../lab/irc.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import { startSlack } from '../../lab/slack.ts';
import { passwordOf } from '../../lab/world-files.ts';

/** A network with one person on it, and what that person sees. */
export interface World {
  readonly chat: Chat;
  /** The account of the person. */
  readonly account: string;
  readonly channel: string;
  /** The person says something, as people do on that network. */
  say(text: string): Promise<void>;
  /** Every line of ours that the person can read, as they read it, the oldest first. */
  seen(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Real InspIRCd with its services; the person is a real client. */
export async function ircWorld(): Promise<World> {
  const runDir = makeRunDir();
  const irc = await startIrc(runDir, { accounts: ['sluice', 'elukey'] });
  const person = await connectIrc({ port: irc.port, nick: 'luca', account: 'elukey' });
  await person.join('#ops');
  const chat = openIrc(
    {
      host: '127.0.0.1',
      port: irc.port,
      tls: false,
      nick: 'sluice',
      account: { kind: 'plain', name: 'sluice', password: passwordOf('sluice') },
      channels: ['#ops'],
      rate: { burst: 100_000, everyMs: 0 },
      version: 'Sluice',
      bounds: IRC_BOUNDS,
      now: Date.now,
    },
    silentLog,
  );
  return {
    chat,
    account: 'elukey',
    channel: '#ops',
    say: (text) => {
      person.say('#ops', text);
      return Promise.resolve();
    },
    seen: () => Promise.resolve(person.lines.filter(({ nick }) => nick === 'sluice').map(({ text }) => text)),
    close: async () => {
      await chat.close();
      await person.quit();
      await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
      runDir.remove();
    },
  };
}

/** Unmodified Bolt against the stand-in for Slack. */
export async function slackWorld(): Promise<World> {
  const runDir = makeRunDir();
  const slack = await startSlack(runDir);
  const account = await slack.addUser({ name: 'luca' });
  const channel = await slack.addChannel('ops');
  const chat = openSlack(
    {
      botToken: slack.botToken,
      mode: { kind: 'socket', appToken: slack.appToken },
      apiUrl: slack.apiUrl,
      channels: [channel],
      groups: {},
      bounds: SLACK_BOUNDS,
      now: Date.now,
    },
    silentLog,
  );
  return {
    chat,
    account,
    channel,
    say: async (text) => {
      await slack.say(account, channel, text);
    },
    seen: async () =>
      (await slack.messages(channel)).filter(({ user }) => user === 'U0BOT').map(({ text }) => shown(text)),
    close: async () => {
      await chat.close();
      await slack.process.stop();
      runDir.remove();
    },
  };
}

/** As Slack shows it: what is no mention and no link is text. */
function shown(text: string): string {
  if (/[<>]/.test(text)) throw new Error(`markup that Slack would act on: ${text}`);
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

/** The console on a pseudo terminal, joined to the socket of its user. */
export function consoleWorld(): Promise<World> {
  const runDir = makeRunDir();
  const isRoot = process.getuid?.() === 0;
  const account = isRoot ? 'daemon' : userInfo().username;
  const stateDir = runDir.folder('state');
  mkdirSync(join(stateDir, 'console'), { recursive: true });
  const config = join(runDir.path, 'sluice.yaml');
  writeFileSync(config, `stateDir: ${stateDir}\n`);
  const chat = openConsole(
    {
      folder: join(stateDir, 'console'),
      users: [{ os: account, uid: userId(account) ?? -1 }],
      ownUid: process.getuid?.() ?? -1,
      now: Date.now,
    },
    silentLog,
  );
  let text = '';
  let terminal: ReturnType<typeof spawn> | undefined;
  /** The person sits down once there is something to join. */
  const sitDown = async (): Promise<void> => {
    if (terminal !== undefined) return;
    const words = [process.execPath, '--import', 'tsx', 'src/main.ts', 'console', '--config', config];
    const line = words.map((word) => `'${word}'`).join(' ');
    terminal = spawn('script', ['-qec', `stty -echo cols 4000; ${line}`, '/dev/null'], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: undefined, SUDO_USER: isRoot ? account : undefined },
    });
    terminal.stdout?.on('data', (data: Buffer) => {
      text += data.toString();
    });
    await waitUntil('the prompt is there', () => text.includes(`${account}> `), 20_000);
  };
  return Promise.resolve({
    chat,
    account,
    channel: 'console',
    say: async (line) => {
      await sitDown();
      terminal?.stdin?.write(`${line}\n`);
    },
    seen: async () => {
      await sitDown();
      return plainLines(text, account);
    },
    close: async () => {
      const left = new Promise<void>((resolve) => {
        if (terminal === undefined) resolve();
        else
          terminal.once('close', () => {
            resolve();
          });
      });
      // The console ends with the socket that it is joined to.
      await chat.close();
      await left;
      runDir.remove();
    },
  });
}

/** What a terminal shows: without the prompt, cursor movements and colours. */
function plainLines(text: string, user: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').replaceAll(`${user}> `, ''))
    .map((line) => line.replace(/\r/g, ''))
    .filter((line) => line !== '');
}
