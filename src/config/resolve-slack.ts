import type { Reading } from './file-or-env.ts';
import { readSecret } from './file-or-env.ts';
import { isLoopback } from './loopback.ts';
import type { FileContent } from './schema.ts';
import type { Secret } from './secret.ts';

/** The Slack side. */
export interface SlackConfig {
  readonly botToken: Secret;
  /** Socket Mode, or a server on loopback that a proxy with TLS passes Slack's posts to. */
  readonly mode:
    | { readonly kind: 'socket'; readonly appToken: Secret }
    | { readonly kind: 'http'; readonly signingSecret: Secret; readonly port: number };
  /** With a slash at the end. */
  readonly apiUrl: string;
  /** Channel ids. */
  readonly channels: readonly string[];
  /** Role -> id of the user group that gives it. */
  readonly groups: Readonly<Record<string, string>>;
}

const API_URL = 'https://slack.com/api/';
const at = 'slack';

/** Reads the Slack section; undefined when it is not there. */
export function resolveSlack(reading: Reading, slack: FileContent['slack']): SlackConfig | undefined {
  if (slack === undefined) return undefined;
  const apiUrl = (slack.apiUrl ?? API_URL).replace(/\/*$/, '/');
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol === 'http:' && !isLoopback(hostname))
    reading.problems.push({
      path: 'slack.apiUrl',
      text: `${apiUrl} would send the token in clear: say https:`,
    });
  return {
    botToken: readSecret(reading, slack, { at, name: 'botToken' }),
    mode: resolveMode(reading, slack),
    apiUrl,
    channels: slack.channels,
    groups: slack.groups ?? {},
  };
}

function resolveMode(reading: Reading, slack: NonNullable<FileContent['slack']>): SlackConfig['mode'] {
  const bySocket = slack.appTokenFile !== undefined || slack.appTokenEnv !== undefined;
  const byHttp = slack.signingSecretFile !== undefined || slack.signingSecretEnv !== undefined;
  if (bySocket === byHttp)
    reading.problems.push({
      path: at,
      text: 'give appTokenFile for Socket Mode, or signingSecretFile and port for HTTP mode: one of them',
    });
  if (!byHttp || bySocket) {
    if (slack.port !== undefined)
      reading.problems.push({ path: 'slack.port', text: 'is for HTTP mode only' });
    return {
      kind: 'socket',
      appToken: readSecret(bySocket ? reading : { ...reading, problems: [] }, slack, {
        at,
        name: 'appToken',
      }),
    };
  }
  if (slack.port === undefined)
    reading.problems.push({
      path: 'slack.port',
      text: 'is missing: where Slack posts to, behind your proxy',
    });
  return {
    kind: 'http',
    signingSecret: readSecret(reading, slack, { at, name: 'signingSecret' }),
    port: slack.port ?? 0,
  };
}
