import { openIrc } from '../../../src/adapters/irc/chat.ts';
import type { IrcBounds, IrcOptions } from '../../../src/adapters/irc/options.ts';
import { IRC_BOUNDS } from '../../../src/adapters/irc/options.ts';
import type { Log } from '../../../src/observe/log.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Chat, ChatState, Inbound } from '../../../src/ports/chat.ts';
import { waitUntil } from '../../lab/process.ts';

/** An IRC side under test, and what it heard. */
export interface TestChat {
  readonly chat: Chat;
  readonly heard: readonly Inbound[];
  readonly states: readonly ChatState[];
  /** Resolves with the first event, from the beginning, that matches. */
  hears(matches: (event: Inbound) => boolean, timeoutMs?: number): Promise<Inbound>;
  /** Resolves with the first text, from the beginning, that is this. */
  hearsText(text: string): Promise<Inbound & { readonly kind: 'text' }>;
  becomes(state: ChatState, timeoutMs?: number): Promise<void>;
}

/** Starts an IRC side with bounds that fit a test. */
export function startTestChat(
  options: Partial<Omit<IrcOptions, 'bounds'>> & {
    readonly port: number;
    readonly bounds?: Partial<IrcBounds>;
  },
  log: Log = silentLog,
): TestChat {
  const heard: Inbound[] = [];
  const states: ChatState[] = [];
  const chat = openIrc(
    {
      host: '127.0.0.1',
      tls: false,
      nick: 'sluice',
      account: { kind: 'plain', name: 'sluice', password: 'pw-sluice' },
      channels: ['#ops'],
      rate: { burst: 100_000, everyMs: 0 },
      version: 'Sluice',
      now: Date.now,
      ...options,
      bounds: { ...IRC_BOUNDS, backoffFirstMs: 100, backoffMostMs: 400, ...options.bounds },
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
  const hears = async (matches: (event: Inbound) => boolean, timeoutMs?: number): Promise<Inbound> => {
    await waitUntil(`${String(matches)} is heard`, () => heard.some(matches), timeoutMs);
    const event = heard.find(matches);
    if (event === undefined) throw new Error('heard and gone');
    return event;
  };
  return {
    chat,
    heard,
    states,
    hears,
    hearsText: async (text) => {
      const event = await hears((one) => one.kind === 'text' && one.text === text);
      if (event.kind !== 'text') throw new Error('not a text');
      return event;
    },
    becomes: (state, timeoutMs) => waitUntil(`IRC is ${state}`, () => chat.state() === state, timeoutMs),
  };
}
