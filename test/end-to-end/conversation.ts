import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import type { IrcPerson, SeenLine } from '../lab/irc-client.ts';

/** A person of the lab who talks with Sluice in the channel, and waits for what it says. */
export interface Talker {
  readonly irc: IrcPerson;
  say(text: string): void;
  /** Says something and returns Sluice's first line after it that matches. */
  ask(text: string, answer: RegExp, timeoutMs?: number): Promise<SeenLine>;
  /** Asks for a change that waits for approval, and returns its id with the line that shows it. */
  request(text: string): Promise<{ readonly id: string; readonly line: SeenLine }>;
  /** Sluice's lines so far. */
  said(): readonly string[];
}

const LOGGED_LINES = 15;

/** Lets a person of the lab talk. */
export async function talker(lab: Lab, name: string): Promise<Talker> {
  const irc = await lab.person(name);
  const ask = (text: string, answer: RegExp, timeoutMs?: number): Promise<SeenLine> => {
    const since = irc.lines.length;
    const answered = irc
      .waitFor((line) => line.nick === 'sluice' && answer.test(line.text), timeoutMs, { since })
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\nno ${String(answer)}; logged:\n${lastLogged(lab)}`);
      });
    irc.say(lab.channel, text);
    return answered;
  };
  return {
    irc,
    say: (text) => {
      irc.say(lab.channel, text);
    },
    ask,
    request: async (text) => {
      const line = await ask(text, new RegExp(`^${name}: \\S+ waits for`));
      return { id: /^\S+ (\S+) waits for/.exec(line.text)?.[1] ?? '', line };
    },
    said: () => irc.lines.filter(({ nick }) => nick === 'sluice').map(({ text }) => text),
  };
}

/** Path of an object below the namespace, for `lab.etcdValue`. */
export function objectPath(host: string, service: string): string {
  const dc = /(?:worker|maps)1/.test(host) ? 'eqiad' : 'codfw';
  return `/conftool/v1/pools/${dc}/maps/${service}/${host}.${dc}.wmnet`;
}

/** The log lines about an operation. */
export function logLines(talker: Talker, id: string): readonly string[] {
  return talker.said().filter((line) => line.startsWith('!log ') && line.includes(`[${id}]`));
}

/** What every Sluice of the lab logged last: where a test fails on a machine that is gone afterwards, nothing else tells why. */
function lastLogged({ runDir }: Lab): string {
  const logs = readdirSync(runDir.path).filter((name) => /^sluice-.*\.log$/.test(name));
  return logs
    .flatMap((name) => {
      // Beside what conftool2git is told.
      const text = readFileSync(join(runDir.path, name), 'utf8');
      const lines = text.split('\n').filter((line) => line.startsWith('{'));
      return lines.slice(-LOGGED_LINES).map((line) => `${name}: ${line}`);
    })
    .join('\n');
}
