import type { Script, ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

/** What a network offers that is not the one of the lab. */
export interface NetworkOptions {
  readonly capabilities: readonly string[];
  /** Tokens of numeric 005. */
  readonly isupport?: string;
  /** Who is in the channel beside us; nicks. */
  readonly others?: readonly string[];
  /** Answers in place of the network. */
  readonly special?: Script;
}

const BASIC = ['sasl', 'message-tags', 'server-time', 'batch'];

/** Starts a network that logs everybody in, lets everybody join, and echoes lines where it has that capability. */
export function startScriptedNetwork(options: NetworkOptions): Promise<ScriptedServer> {
  const { isupport = 'CASEMAPPING=ascii', others = [] } = options;
  const capabilities = [...BASIC, ...options.capabilities];
  let nick = '';
  let counter = 0;
  let isWelcome = false;
  const echo = (line: string): readonly string[] => {
    if (!capabilities.includes('echo-message')) return [];
    const [, label, rest = ''] = /^(?:@label=(\S+) )?(PRIVMSG .*)$/.exec(line) ?? [];
    counter++;
    const tags = [`msgid=id${String(counter)}`, ...(label === undefined ? [] : [`label=${label}`])];
    return [`@${tags.join(';')} :${nick}!sluice@host ${rest}`];
  };
  return startScriptedServer((line) => {
    const special = options.special?.(line);
    if (special !== undefined) return special;
    const [command = '', first = ''] = line.replace(/^@\S+ /, '').split(' ');
    switch (command) {
      case 'CAP':
        if (first === 'LS') return [`:irc.test CAP * LS :${capabilities.join(' ')}`];
        if (first === 'REQ') return [`:irc.test CAP * ACK ${line.slice('CAP REQ '.length)}`];
        // Later negotiations end without a second welcome.
        if (isWelcome) return [];
        isWelcome = true;
        return [`:irc.test 001 ${nick} :Welcome`, `:irc.test 005 ${nick} ${isupport} :are supported`];
      case 'USER':
        isWelcome = false;
        return [];
      case 'NICK':
        nick = first;
        return [];
      case 'AUTHENTICATE':
        if (first === 'PLAIN') return ['AUTHENTICATE +'];
        return [`:irc.test 900 ${nick} ${nick}!sluice@host sluice :Logged in`, `:irc.test 903 ${nick} :Done`];
      case 'JOIN':
        return [`:${nick}!sluice@host JOIN ${first}`];
      case 'WHO':
        return [
          ...[nick, ...others].map(
            (one) => `:irc.test 352 ${nick} ${first} user host irc.test ${one} H :0 x`,
          ),
          `:irc.test 315 ${nick} ${first} :End of WHO`,
        ];
      case 'PING':
        return [`:irc.test PONG irc.test :${first}`];
      case 'PRIVMSG':
        return echo(line);
      default:
        return [];
    }
  });
}
