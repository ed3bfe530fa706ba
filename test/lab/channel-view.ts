import type { IrcPerson } from './irc-client.ts';

/** What the prompt knows of the channel: it shows every line, and remembers enough to answer for the person who types. */
export interface ChannelView {
  /** The id of the operation that was asked for last; undefined before the first. */
  newestOperation(): string | undefined;
  /** The message id of Sluice's line that shows the request: the one that a reaction belongs to. */
  requestMessage(id: string): string | undefined;
  /** Notes that somebody typed something: answers are awaited from now on. */
  expectAnswer(): void;
  /** Resolves when the channel has been quiet for a while and nothing is known to run; at the latest after half a minute. */
  settled(): Promise<void>;
  close(): void;
}

const LOOK_EVERY_MS = 40;
const QUIET_MS = 1500;
const ANSWER_WITHIN_MS = 8000;
const SETTLE_WITHIN_MS = 30_000;
// What Sluice's lines say of an operation, as `src/core/announcement` words it.
const ID = '([a-hj-km-np-z][a-hj-km-np-z2-9]{2,4})';
const ASKED = new RegExp(`^\\S+(?: \\(\\w+\\))?: ${ID} (?:waits for|needs no approval)`);
const GOES_ON = new RegExp(
  `^(?:\\S+(?: \\(\\w+\\))?: )?${ID} (?:.*(?:Starting|Starts after ${ID})\\.$|resumed by|goes on after)`,
);
const ENDED = new RegExp(
  `^${ID} (?:done|failed|conflict|held|UNKNOWN|cancelled|denied|expired|refused|settled)\\b`,
);

/**
 * Follows the channel through the eyes of one person in it.
 *
 * @param show is called once for each line, in order, with its author.
 */
export function followChannel(
  watcher: IrcPerson,
  options: {
    readonly channel: string;
    /** Sluice's services account. */
    readonly bot: string;
    readonly show: (nick: string, text: string) => void;
  },
): ChannelView {
  const requests = new Map<string, string>();
  let newest: string | undefined;
  const running = new Set<string>();
  let seen = 0;
  let movedAt = Date.now();
  // Since when somebody waits for an answer; a host that does not answer keeps Sluice busy for some seconds before it says so.
  let askedAt: number | undefined;

  const note = (text: string, messageId: string | undefined): void => {
    const asked = ASKED.exec(text)?.[1];
    if (asked !== undefined) {
      newest = asked;
      if (messageId !== undefined) requests.set(asked, messageId);
    }
    const goesOn = GOES_ON.exec(text)?.[1];
    if (goesOn !== undefined) running.add(goesOn);
    const ended = ENDED.exec(text)?.[1];
    if (ended !== undefined) running.delete(ended);
  };
  const look = (): void => {
    for (const line of watcher.lines.slice(seen)) {
      seen += 1;
      if (line.target !== options.channel) continue;
      movedAt = Date.now();
      if (line.account === options.bot) {
        note(line.text, line.msgid);
        askedAt = undefined;
      }
      options.show(line.nick, line.text);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    newestOperation: () => newest,
    requestMessage: (id) => requests.get(id),
    expectAnswer: () => {
      movedAt = Date.now();
      askedAt = movedAt;
    },
    settled: async () => {
      const deadline = Date.now() + SETTLE_WITHIN_MS;
      const isOpen = (): boolean => askedAt !== undefined && Date.now() - askedAt < ANSWER_WITHIN_MS;
      while (Date.now() < deadline && (running.size > 0 || isOpen() || Date.now() - movedAt < QUIET_MS)) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    },
    close: () => {
      clearInterval(timer);
      look();
    },
  };
}
