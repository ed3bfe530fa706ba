import type { IrcPerson, SeenLine } from './irc-client.ts';
import { connectIrc } from './irc-client.ts';

/** What the stand-in does with a log line. */
export type StashbotMode = 'acknowledging' | 'silent' | 'absent' | 'refusing' | 'failing';

/** One entry of the log. */
interface LogEntry {
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
/** Bots that say what others did: they are not acknowledged. */
const RELAYS = new Set(['logmsgbot', 'logmsgbot_cloud']);
/** What the true bot takes out; it leaves monospace, strike and hexadecimal colours in. */
const FORMATTING = /[\x02\x0f\x16\x1d\x1f]|\x03(?:\d{1,2}(?:,\d{1,2})?)?/g;

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
      const entry = readEntry(line);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (entry.message === '') bot.say(channel, `${entry.nick}: Message missing. Nothing logged.`);
      else if (mode === 'refusing')
        bot.say(channel, `${entry.nick}: !log ACLs in this channel blocked your message`);
      else entries.push(entry);
      if (entry.message === '' || mode === 'refusing') return;
      if (mode === 'failing')
        bot.say(
          channel,
          `${entry.nick}: Failed to log message to wiki. Somebody should check the error logs.`,
        );
      else if (mode === 'acknowledging' && !RELAYS.has(line.nick)) bot.say(channel, ACKNOWLEDGEMENT);
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

/** What the true bot makes of a line: no bold, colours and the like; a relay's line is by whom it says. */
function readEntry({ at, nick, text }: SeenLine): LogEntry {
  const message = text.replace(FORMATTING, '').slice('!log '.length).trim();
  const relayed = RELAYS.has(nick) ? /^([^@\s]+@\S+)\s+(\S.*)$/s.exec(message) : null;
  const [, author = nick, rest = message] = relayed ?? [];
  return { at, nick: author, message: rest, tasks: [...new Set(message.match(/\bT\d+\b/g) ?? [])] };
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
