import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { CONSOLE_CHANNEL, openConsole } from '../adapters/console/chat.ts';
import { userId } from '../adapters/console/user-id.ts';
import { openIrc } from '../adapters/irc/chat.ts';
import { IRC_BOUNDS } from '../adapters/irc/options.ts';
import { openSlack } from '../adapters/slack/chat.ts';
import { SLACK_BOUNDS } from '../adapters/slack/options.ts';
import { openTcpircbot } from '../adapters/tcpircbot/chat.ts';
import type { Config } from '../config.ts';
import { BOUNDS } from '../config/bounds.ts';
import type { Place } from '../core/place.ts';
import type { Log } from '../observe/log.ts';
import type { Chat } from '../ports/chat.ts';
import { ircAccount, slackSide } from './sides.ts';

/** Below `stateDir`: the sockets of the consoles. */
export const CONSOLE_FOLDER = 'console';

/** Every network of the configuration, and the consoles of this host when people have an entry `os:`. */
export function openChats(config: Config, log: Log): readonly Chat[] {
  if (config.role === 'worker') return [];
  return [
    openIrcChat(config, log),
    ...(config.slack === undefined
      ? []
      : [openSlack({ ...slackSide(config.slack), bounds: SLACK_BOUNDS, now: Date.now }, log)]),
    ...openRelay(config, log),
    ...openConsoles(config, log),
  ];
}

/** Every channel that something may be said in, also for who is on none of the networks. */
export function placesOf({ irc, slack, people }: Config): readonly Place[] {
  const places = (transport: string, channels: readonly string[]): readonly Place[] =>
    channels.map((channel) => ({ transport, channel }));
  return [
    ...places('irc', irc.channels),
    ...places('slack', slack?.channels ?? []),
    ...places('console', people.some(({ os }) => os !== undefined) ? [CONSOLE_CHANNEL] : []),
  ];
}

function openRelay({ sal }: Config, log: Log): readonly Chat[] {
  const { relay, channel } = sal;
  if (relay === undefined) return [];
  const [withinMs, retryMs] = [BOUNDS.relayMs, BOUNDS.relayRetryMs];
  return [openTcpircbot({ ...relay, channel, withinMs, retryMs }, log)];
}

function openConsoles({ people, stateDir }: Config, log: Log): readonly Chat[] {
  const users = people.flatMap(({ os }) => {
    const uid = os === undefined ? undefined : userId(os);
    if (os !== undefined && uid === undefined) log.warn({ os }, 'console: there is no such user here');
    return os === undefined || uid === undefined ? [] : [{ os, uid }];
  });
  if (users.length === 0) return [];
  // Whoever has a socket below must be able to reach it; what is secret there has modes of its own.
  chmodSync(stateDir, 0o711);
  const folder = join(stateDir, CONSOLE_FOLDER);
  return [openConsole({ folder, users, ownUid: process.getuid?.() ?? -1, now: Date.now }, log)];
}

function openIrcChat({ irc }: Config, log: Log): Chat {
  const options = { ...irc, account: ircAccount(irc), version: 'Sluice', bounds: IRC_BOUNDS, now: Date.now };
  return openIrc(options, log);
}
