import type { IrcPerson, SeenLine } from './irc-client.ts';
import { connectIrc } from './irc-client.ts';

/** What the stand-in does with a log line. */
export type StashbotMode = 'acknowledging' | 'silent' | 'absent' | 'refusing' | 'failing';

/** One entry of the log. */
export interface LogEntry {
  readonly at: number;
  readonly nick: string;
  readonly message: string;
  readonly tasks: readonly string[];
}

/** A stand-in for the bot that keeps the Server Admin Log: same trigger, same answers, same order. */
export interface Stashbot {
  readonly entries: readonly LogEntry[];
  /** Changes what it does; `absent` leaves the channel, any other mode comes back. */
  mode(mode: StashbotMode): Promise<void>;
  stop(): Promise<void>;
}

const ACKNOWLEDGEMENT = 'Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log';

/** Starts it on the lab's IRC network, logged in as `stashbot`. @param options.delayMs how long a wiki edit takes. */
export async function startStashbot(options: {
  readonly port: number;
  readonly channel: string;
  readonly mode?: StashbotMode;
  readonly delayMs?: number;
}): Promise<Stashbot> {
  const { port, channel, delayMs = 20 } = options;
  const bot = await connectIrc({ port, nick: 'stashbot', account: 'stashbot' });
  let mode = options.mode ?? 'acknowledging';
  if (mode !== 'absent') await bot.join(channel);
  const entries: LogEntry[] = [];
  let stopped = false;
  const work = follow(
    bot,
    () => stopped,
    async (line) => {
      // Only messages that begin with exactly this, in the channel, and not in private.
      if (
        line.kind !== 'message' ||
        line.target !== channel ||
        !line.text.startsWith('!log ') ||
        mode === 'absent'
      )
        return;
      if (line.text.startsWith('!log help')) {
        bot.say(channel, 'https://wikitech.wikimedia.org/wiki/Tool:Stashbot');
        return;
      }
      const message = line.text.slice('!log '.length).trim();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (mode === 'refusing' || message === '') {
        bot.say(
          channel,
          message === ''
            ? `${line.nick}: Message missing. Nothing logged.`
            : `${line.nick}: !log ACLs in this channel blocked your message`,
        );
        return;
      }
      entries.push({
        at: line.at,
        nick: line.nick,
        message,
        tasks: [...new Set(message.match(/\bT\d+\b/g) ?? [])],
      });
      if (mode === 'failing')
        bot.say(
          channel,
          `${line.nick}: Failed to log message to wiki. Somebody should check the error logs.`,
        );
      else if (mode === 'acknowledging' && !line.nick.startsWith('logmsgbot'))
        bot.say(channel, ACKNOWLEDGEMENT);
    },
  );
  return {
    entries,
    mode: async (next) => {
      if (next === 'absent' && mode !== 'absent') bot.part(channel);
      if (next !== 'absent' && mode === 'absent') await bot.join(channel);
      mode = next;
    },
    stop: async () => {
      stopped = true;
      await bot.quit();
      await work;
    },
  };
}

/** Takes the lines one after the other: answers never overtake each other. */
async function follow(
  bot: IrcPerson,
  stopped: () => boolean,
  take: (line: SeenLine) => Promise<void>,
): Promise<void> {
  let next = 0;
  while (!stopped()) {
    const line = bot.lines[next];
    if (line === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    next++;
    await take(line);
  }
}
