import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { openConsole } from '../adapters/console/chat.ts';
import { userId } from '../adapters/console/user-id.ts';
import { openIrc } from '../adapters/irc/chat.ts';
import { IRC_BOUNDS } from '../adapters/irc/options.ts';
import type { Config } from '../config.ts';
import type { Log } from '../observe/log.ts';
import type { Chat } from '../ports/chat.ts';

/** Below `stateDir`: the sockets of the consoles. */
export const CONSOLE_FOLDER = 'console';

/** Every network of the configuration, and the consoles of this host when people have an entry `os:`. */
export function openChats(config: Config, log: Log): readonly Chat[] {
  const users = config.people.flatMap(({ os }) => {
    const uid = os === undefined ? undefined : userId(os);
    if (os !== undefined && uid === undefined) log.warn({ os }, 'console: there is no such user here');
    return os === undefined || uid === undefined ? [] : [{ os, uid }];
  });
  if (users.length === 0) return [openIrcChat(config, log)];
  // Whoever has a socket below must be able to reach it; what is secret there has modes of its own.
  chmodSync(config.stateDir, 0o711);
  const folder = join(config.stateDir, CONSOLE_FOLDER);
  const ownUid = process.getuid?.() ?? -1;
  return [openIrcChat(config, log), openConsole({ folder, users, ownUid, now: Date.now }, log)];
}

function openIrcChat({ irc }: Config, log: Log): Chat {
  const { account, ...rest } = irc;
  return openIrc(
    {
      ...rest,
      account:
        account.kind === 'plain'
          ? { kind: 'plain', name: account.name, password: account.password.reveal() }
          : { kind: 'external', cert: account.cert, key: account.key.reveal() },
      version: 'Sluice',
      bounds: IRC_BOUNDS,
      now: Date.now,
    },
    log,
  );
}
