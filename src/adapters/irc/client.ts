import type { Client } from 'irc-framework';
import type { IrcOptions } from './options.ts';
import { transportFor } from './transport.ts';

/** Client tags and echoes are asked for; what the server does not offer is done without. */
const WANTED = ['echo-message', 'labeled-response'];

/**
 * Sets the library off on one try. What it would do by itself is turned off where it would do it wrong: reconnecting (it gives up for good), going
 * on without a login, answering CTCP VERSION without pace.
 */
export function connectClient(
  client: Client,
  { host, port, tls, nick, account, bounds }: IrcOptions,
  socket: { readonly signal: AbortSignal; readonly onBroken: (line: string, cause: unknown) => void },
): void {
  const certificate = account.kind === 'external' ? account : { cert: undefined, key: undefined };
  client.requestCap(WANTED);
  client.connect({
    host,
    port,
    nick,
    username: 'sluice',
    gecos: 'Sluice: production traffic, on request',
    version: '',
    tls: tls !== false,
    auto_reconnect: false,
    ping_interval: bounds.pingEveryMs / 1000,
    ping_timeout: bounds.pingTimeoutMs / 1000,
    sasl_disconnect_on_fail: true,
    enable_echomessage: true,
    ...(account.kind === 'plain'
      ? { account: { account: account.name, password: account.password } }
      : { account: { account: nick }, sasl_mechanism: 'EXTERNAL' }),
    transport: transportFor({
      host,
      port,
      tls: tls === false ? false : { ca: tls.ca, cert: certificate.cert, key: certificate.key },
      ...socket,
    }),
  });
}
