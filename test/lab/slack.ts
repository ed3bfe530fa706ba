import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabProcess, RunDir } from './process.ts';
import { startProcess, waitUntil } from './process.ts';

/** A message in a channel of the lab's Slack. */
export interface SlackMessage {
  readonly ts: string;
  readonly user: string;
  readonly text: string;
  readonly thread_ts?: string;
  readonly blocks?: readonly Readonly<Record<string, unknown>>[];
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[];
}

/** One try to hand an event to the bot. */
interface SlackDelivery {
  readonly event_id?: string;
  readonly type: string;
  readonly acked: boolean;
  readonly ms: number | null;
  readonly status: number | null;
  readonly attempt: number;
}

/** What there is and what happened. */
interface SlackState {
  readonly channels: readonly { readonly id: string; readonly messages: readonly SlackMessage[] }[];
  readonly sockets: number;
  readonly deliveries: readonly SlackDelivery[];
  readonly calls: readonly {
    readonly method: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly at: number;
  }[];
}

/** How the next calls of a method go wrong. `apply` with `dropAfter`: it is done, and the answer is lost. */
interface SlackFault {
  readonly times?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly error?: string;
  readonly drop?: boolean;
  readonly apply?: boolean;
  readonly dropAfter?: boolean;
  readonly delayMs?: number;
}

/** The stand-in for Slack of a lab: its address and tokens, what people do, and what goes wrong. */
export interface LabSlack {
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly process: LabProcess;
  /** The first channel as a page, for people to look at. */
  readonly pageUrl: string;
  /** @returns the user id. */
  addUser(user: Readonly<Record<string, unknown>> & { readonly name: string }): Promise<string>;
  changeUser(id: string, change: Readonly<Record<string, unknown>>): Promise<void>;
  /** @returns the channel id. */
  addChannel(name: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
  addGroup(handle: string, userIds: readonly string[], id?: string): Promise<string>;
  setGroup(id: string, userIds: readonly string[]): Promise<void>;
  /** A person types `text`. @returns the ts. */
  say(user: string, channel: string, text: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
  edit(channel: string, ts: string, text: string): Promise<void>;
  remove(channel: string, ts: string): Promise<void>;
  react(user: string, channel: string, ts: string, name: string): Promise<void>;
  unreact(user: string, channel: string, ts: string, name: string): Promise<void>;
  /** A person presses a button. @returns how it was acknowledged. */
  click(
    user: string,
    channel: string,
    ts: string,
    button: { readonly action: string; readonly value: string },
  ): Promise<SlackDelivery>;
  fault(method: string, fault: SlackFault): Promise<void>;
  set(change: Readonly<Record<string, unknown>>): Promise<void>;
  /** Hands out an event once more, as Slack does when it is not sure. */
  redeliver(eventId: string): Promise<void>;
  /** Slack's routine goodbye. */
  disconnectSockets(): Promise<void>;
  /** A cut. */
  killSockets(): Promise<void>;
  state(): Promise<SlackState>;
  /** The messages of a channel so far, with what is below them. */
  messages(channel: string): Promise<readonly SlackMessage[]>;
  /** Resolves with the first message of the bot that matches, edits included. */
  waitFor(channel: string, matches: RegExp, timeoutMs?: number): Promise<SlackMessage>;
}

const PROGRAM = fileURLToPath(new URL('slack/emulator.mjs', import.meta.url));
const BOT = 'U0BOT';

/** Starts the stand-in as a process. @throws when it does not listen within ten seconds. */
export async function startSlack(runDir: RunDir): Promise<LabSlack> {
  const server = startProcess(runDir, {
    name: 'slack',
    command: process.execPath,
    args: [PROGRAM],
    env: { ...process.env, NODE_OPTIONS: undefined },
  });
  const logFile = join(runDir.path, 'slack.log');
  await waitUntil('Slack listens', () => readFileSync(logFile, 'utf8').includes('\n'));
  const line = readFileSync(logFile, 'utf8').split('\n')[0] ?? '';
  const address = JSON.parse(line) as Pick<LabSlack, 'apiUrl' | 'botToken' | 'appToken' | 'signingSecret'>;
  const control = async (name: string, ...args: readonly unknown[]): Promise<unknown> => {
    const response = await fetch(new URL(`/control/${name}`, address.apiUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const does =
    (name: string) =>
    async (...args: readonly unknown[]): Promise<void> => {
      await control(name, ...args);
    };
  const makes =
    (name: string, field: string) =>
    async (...args: readonly unknown[]): Promise<string> =>
      ((await control(name, ...args)) as Readonly<Record<string, string>>)[field] ?? '';
  const state = async (): Promise<SlackState> => (await control('state')) as SlackState;
  const messages = async (channel: string): Promise<readonly SlackMessage[]> =>
    (await state()).channels.find(({ id }) => id === channel)?.messages ?? [];
  return {
    ...address,
    process: server,
    pageUrl: new URL('/', address.apiUrl).href,
    addUser: makes('addUser', 'id'),
    changeUser: does('changeUser'),
    addChannel: makes('addChannel', 'id'),
    addGroup: async (...args) => (await control('addGroup', ...args)) as string,
    setGroup: does('setGroup'),
    say: makes('say', 'ts'),
    edit: does('edit'),
    remove: does('remove'),
    react: does('react'),
    unreact: does('unreact'),
    click: async (user, channel, ts, { action, value }) =>
      (await control('click', user, channel, ts, action, value)) as SlackDelivery,
    fault: does('fault'),
    set: does('set'),
    redeliver: does('redeliver'),
    disconnectSockets: does('disconnectSockets'),
    killSockets: does('killSockets'),
    state,
    messages,
    waitFor: async (channel, matches, timeoutMs) => {
      let found: SlackMessage | undefined;
      await waitUntil(
        `Slack shows ${String(matches)}`,
        async () => {
          found = (await messages(channel)).find(({ user, text }) => user === BOT && matches.test(text));
          return found !== undefined;
        },
        timeoutMs,
      );
      if (found === undefined) throw new Error('found and gone');
      return found;
    },
  };
}
