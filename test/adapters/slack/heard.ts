import { openSlack } from '../../../src/adapters/slack/chat.ts';
import type { SlackBounds, SlackOptions } from '../../../src/adapters/slack/options.ts';
import { SLACK_BOUNDS } from '../../../src/adapters/slack/options.ts';
import type { Log } from '../../../src/observe/log.ts';
import type { Chat, ChatState, Inbound } from '../../../src/ports/chat.ts';
import { waitUntil } from '../../lab/process.ts';
import type { LabSlack } from '../../lab/slack.ts';

/** A Slack side under test, what it heard and what it logged. */
export interface TestSlack {
  readonly chat: Chat;
  readonly heard: readonly Inbound[];
  readonly states: readonly ChatState[];
  readonly logged: readonly string[];
  hears(matches: (event: Inbound) => boolean): Promise<Inbound>;
  becomes(state: ChatState): Promise<void>;
}

/** Starts a Slack side with bounds that fit a test. */
export function startTestSlack(
  slack: LabSlack,
  options: Partial<Omit<SlackOptions, 'bounds'>> & {
    readonly channels: readonly string[];
    readonly bounds?: Partial<SlackBounds>;
  },
): TestSlack {
  const heard: Inbound[] = [];
  const states: ChatState[] = [];
  const logged: string[] = [];
  const note =
    (level: string) =>
    (fields: object, message: string): void => {
      logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
  const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const chat = openSlack(
    {
      botToken: slack.botToken,
      mode: { kind: 'socket', appToken: slack.appToken },
      apiUrl: slack.apiUrl,
      groups: {},
      now: Date.now,
      ...options,
      bounds: { ...SLACK_BOUNDS, backoffMostMs: 400, betweenTriesMs: 50, lookFirstMs: 0, ...options.bounds },
    },
    log,
  );
  chat.start(
    (event) => {
      heard.push(event);
      return Promise.resolve();
    },
    (state) => states.push(state),
  );
  return {
    chat,
    heard,
    states,
    logged,
    hears: async (matches) => {
      await waitUntil(`${String(matches)} is heard`, () => heard.some(matches));
      const event = heard.find(matches);
      if (event === undefined) throw new Error('heard and gone');
      return event;
    },
    becomes: (state) => waitUntil(`Slack is ${state}`, () => chat.state() === state),
  };
}
