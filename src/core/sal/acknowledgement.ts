/** A `!log` line that was seen in the channel, whoever said it. */
interface SeenLog {
  readonly nick: string;
  /** Our outbox key; undefined for a line of somebody else. */
  readonly key: string | undefined;
  readonly at: number;
  /** A later line was answered already: no reply will come for this one. */
  readonly isPassed: boolean;
}

/** The lines that may still be answered by stashbot, oldest first: it answers in order and names no line. */
export interface SalWatch {
  readonly lines: readonly SeenLog[];
}

/** What stashbot said of one of our lines. `acked`: the wiki was edited; `failed`: indexed, but not on the wiki; `refused`: nowhere. */
export interface SalOutcome {
  readonly key: string;
  readonly state: 'acked' | 'refused' | 'failed';
  /** The address of the log page, or the bot's words. */
  readonly text: string;
}

/** Nothing seen yet: where to start, and where to start again after a reconnect. */
export const emptyWatch: SalWatch = { lines: [] };

/** How long a line may wait for its reply, in milliseconds. */
const SAL_REPLY_WITHIN_MS = 60_000;

const ACKNOWLEDGED = /^Logged the message at (https?:\/\/\S+)$/;
const NOT_ON_WIKI = /^Failed to log message to wiki\b/;
const REFUSED = /^(?:Message missing\b|Not expecting to hear !log here|!log ACLs in this channel)/;
const HELP = /^.*\bhttps?:\/\/\S+/;

/**
 * Takes note of a line of the channel, ours in the order of their echo. Lines that earn no reply are passed over: text that
 * does not begin with `!log `, requests for help, and what the relay bots (logmsgbot) say.
 *
 * @param line.ours the outbox key when the line is ours.
 */
export function seenLog(
  watch: SalWatch,
  line: {
    readonly nick: string;
    readonly text: string;
    readonly ours: string | undefined;
    readonly at: number;
  },
): SalWatch {
  const earnsReply = line.text.startsWith('!log ') && !line.text.startsWith('!log help');
  if (!earnsReply || line.nick.startsWith('logmsgbot')) return watch;
  // Other people's old lines are of no use to anybody; ours stay until `expireWatch` reports them.
  const kept = watch.lines.filter((seen) => seen.key !== undefined || isFresh(seen, line.at));
  return { lines: [...kept, { nick: line.nick, key: line.ours, at: line.at, isPassed: false }] };
}

/** Whether the log bot answers somebody's log line with it. */
export function isAnswer(text: string): boolean {
  return ACKNOWLEDGED.test(text.trim());
}

/**
 * Reads one line that stashbot said, once it is known to be stashbot (nick and services account).
 *
 * @param reply.ownNick our present nick: failures begin with the nick whose line they are about.
 * @returns the watch without the line that was answered, and the outcome when that line was ours. Anything else that
 *   stashbot says (task titles) changes nothing. An acknowledgement is about the oldest line: that is all one can know.
 */
export function seenReply(
  watch: SalWatch,
  reply: { readonly text: string; readonly at: number; readonly ownNick: string },
): { readonly watch: SalWatch; readonly outcome?: SalOutcome } {
  const text = reply.text.trim();
  const acknowledged = ACKNOWLEDGED.exec(text);
  const waiting = watch.lines.filter((line) => isFresh(line, reply.at) && !line.isPassed);
  if (acknowledged !== null) {
    return answer(watch, waiting[0], { state: 'acked', text: acknowledged[1] ?? text });
  }

  const [, nick = '', words = ''] = /^(\S+): (.*)$/.exec(text) ?? [];
  const state = failureState(words, nick === reply.ownNick);
  if (state === undefined) return { watch };
  const meant = waiting.find(
    (line) => line.nick === nick || (line.key !== undefined && nick === reply.ownNick),
  );
  return answer(watch, meant, { state, text });
}

/**
 * Lets go of the lines that waited for longer than `SAL_REPLY_WITHIN_MS`.
 *
 * @returns the keys of ours among them: in the channel, perhaps in the log, never to be sent again by itself.
 */
export function expireWatch(
  watch: SalWatch,
  now: number,
): { readonly watch: SalWatch; readonly unconfirmed: readonly string[] } {
  const old = watch.lines.filter((line) => !isFresh(line, now));
  const unconfirmed = old.flatMap((line) => (line.key === undefined ? [] : [line.key]));
  return { watch: { lines: watch.lines.filter((line) => isFresh(line, now)) }, unconfirmed };
}

function isFresh(line: SeenLog, now: number): boolean {
  return now - line.at <= SAL_REPLY_WITHIN_MS;
}

function failureState(words: string, isToUs: boolean): 'refused' | 'failed' | undefined {
  if (NOT_ON_WIKI.test(words)) return 'failed';
  if (REFUSED.test(words)) return 'refused';
  // The address of the manual, to us: our line was swallowed as a request for help, which is a bug of ours.
  return isToUs && HELP.test(words) ? 'refused' : undefined;
}

/** Takes the answered line out. Those before it get no reply any more: replies come in order. */
function answer(
  watch: SalWatch,
  line: SeenLog | undefined,
  said: Pick<SalOutcome, 'state' | 'text'>,
): { readonly watch: SalWatch; readonly outcome?: SalOutcome } {
  if (line === undefined) return { watch };
  const index = watch.lines.indexOf(line);
  const lines = watch.lines.flatMap((each, at) => {
    if (at > index) return [each];
    return at === index || each.key === undefined ? [] : [{ ...each, isPassed: true }];
  });
  const { key } = line;
  return key === undefined ? { watch: { lines } } : { watch: { lines }, outcome: { key, ...said } };
}
