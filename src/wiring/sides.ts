import type { IrcOptions } from '../adapters/irc/options.ts';
import type { SlackOptions } from '../adapters/slack/options.ts';
import type { Config } from '../config.ts';

/** The account on IRC, with its secret. */
export function ircAccount({ account }: Config['irc']): IrcOptions['account'] {
  return account.kind === 'plain'
    ? { kind: 'plain', name: account.name, password: account.password.reveal() }
    : { kind: 'external', cert: account.cert, key: account.key.reveal() };
}

/** The Slack side, with its secrets. In HTTP mode a proxy on this host has the TLS. */
export function slackSide({
  botToken,
  mode,
  apiUrl,
  channels,
  groups,
}: NonNullable<Config['slack']>): Pick<SlackOptions, 'botToken' | 'mode' | 'apiUrl' | 'channels' | 'groups'> {
  return {
    botToken: botToken.reveal(),
    mode:
      mode.kind === 'socket'
        ? { kind: 'socket', appToken: mode.appToken.reveal() }
        : {
            kind: 'http',
            signingSecret: mode.signingSecret.reveal(),
            host: '127.0.0.1',
            port: mode.port,
          },
    apiUrl,
    channels,
    groups,
  };
}
