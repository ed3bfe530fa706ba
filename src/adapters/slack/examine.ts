import { z } from 'zod';
import type { DoctorLine } from '../../core/doctor-line.ts';
import { linesOf } from '../../core/doctor-line.ts';
import { readThrown } from '../../core/thrown.ts';
import { SlackApi, clientOptions, refusalText } from './api.ts';
import type { ApiFault } from './api.ts';
import { boltLogger } from './logger.ts';
import type { SlackOptions } from './options.ts';
import { silentLog } from '../../observe/log.ts';

/** What Sluice calls and hears wants these; `docs/slack-app.yaml` asks for them. */
const SCOPES = [
  'chat:write',
  'channels:history',
  'channels:read',
  'groups:history',
  'groups:read',
  'im:history',
  'reactions:read',
  'users:read',
];
const GROUP_SCOPE = 'usergroups:read';

const Opened = z.object({ url: z.string() });
const Found = z.object({
  channel: z.object({
    name: z.string(),
    is_member: z.boolean().optional(),
    is_archived: z.boolean().optional(),
    is_ext_shared: z.boolean().optional(),
    is_private: z.boolean().optional(),
  }),
});
const Members = z.object({ users: z.array(z.string()) });
const Tested = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  user: z.string().optional(),
  team: z.string().optional(),
});

const slack = linesOf('slack');

/** Looks whether the tokens work, what they may do, and each channel and group; posts nothing. */
export async function examineSlack(
  options: Pick<SlackOptions, 'botToken' | 'mode' | 'apiUrl' | 'channels' | 'groups'> & {
    readonly timeoutMs: number;
  },
): Promise<readonly DoctorLine[]> {
  const token = await examineToken(options);
  if (token.some(({ status }) => status === 'FAIL')) return token;
  const { apiUrl, botToken, channels, groups, timeoutMs } = options;
  const api = new SlackApi(botToken, clientOptions({ apiUrl, callMs: timeoutMs }, boltLogger(silentLog)));
  const lines = await Promise.all([
    examineSocket(options),
    ...channels.map((channel) => examineChannel(api, channel)),
    ...Object.entries(groups).map(([role, id]) => examineGroup(api, role, id)),
  ]);
  return [...token, ...lines.flat()];
}

/** By hand: the library does not show the header that lists the scopes. */
async function examineToken({
  apiUrl,
  botToken,
  groups,
  timeoutMs,
}: Parameters<typeof examineSlack>[0]): Promise<readonly DoctorLine[]> {
  try {
    const response = await fetch(new URL('auth.test', apiUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${botToken}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { ok, error, user, team } = Tested.parse(await response.json());
    if (!ok) return [slack.fail(`the bot token: ${refusalText(error ?? 'nothing')}`)];
    const granted = (response.headers.get('x-oauth-scopes') ?? '').split(/,\s*/);
    const wanted = Object.keys(groups).length === 0 ? SCOPES : [...SCOPES, GROUP_SCOPE];
    const missing = wanted.filter((scope) => !granted.includes(scope));
    return [
      slack.ok(`logged in as ${user ?? 'unknown'} of ${team ?? 'unknown'}`),
      missing.length === 0
        ? slack.ok(`has every scope: ${wanted.join(', ')}`)
        : slack.fail(
            `lacks the scope ${missing.join(', ')}: compare docs/slack-app.yaml, then install the app again`,
          ),
    ];
  } catch (error) {
    return [slack.fail(`no answer from ${apiUrl}: ${readThrown(error).message}`)];
  }
}

async function examineSocket({
  mode,
  apiUrl,
  timeoutMs,
}: Parameters<typeof examineSlack>[0]): Promise<readonly DoctorLine[]> {
  if (mode.kind === 'http')
    return [
      slack.warn(
        `HTTP mode: Slack must reach https://…/slack/events, passed on to ${mode.host}:${String(mode.port)}`,
      ),
    ];
  const api = new SlackApi(
    mode.appToken,
    clientOptions({ apiUrl, callMs: timeoutMs }, boltLogger(silentLog)),
  );
  const opened = await api.call('apps.connections.open', {}, Opened);
  return [
    opened.ok
      ? slack.ok('the app token opens sockets')
      : slack.fail(`the app token: ${faultText(opened.fault)}`),
  ];
}

async function examineChannel(api: SlackApi, channel: string): Promise<readonly DoctorLine[]> {
  const found = await api.call('conversations.info', { channel }, Found);
  if (!found.ok) return [slack.fail(`${channel}: ${faultText(found.fault)}`)];
  const { name, is_member, is_archived, is_ext_shared, is_private } = found.value.channel;
  const shown = `${channel} (#${name})`;
  if (is_archived === true) return [slack.fail(`${shown} is archived`)];
  if (is_member !== true) return [slack.fail(`${shown}: Sluice is not in it: /invite it there`)];
  if (is_ext_shared === true)
    return [slack.fail(`${shown} is shared with another organisation: nobody is believed there`)];
  return [
    slack.ok(`in ${shown}`),
    ...(is_private === true
      ? [
          slack.warn(
            `${shown} is private, and the Server Admin Log is not: each request shows its line first`,
          ),
        ]
      : []),
  ];
}

async function examineGroup(api: SlackApi, role: string, usergroup: string): Promise<readonly DoctorLine[]> {
  const members = await api.call('usergroups.users.list', { usergroup }, Members);
  if (!members.ok) return [slack.fail(`the group ${usergroup} of ${role}: ${faultText(members.fault)}`)];
  const count = members.value.users.length;
  return [
    count === 0
      ? slack.warn(`the group ${usergroup} is empty: nobody on Slack has the role ${role}`)
      : slack.ok(`the group ${usergroup} gives ${role} to ${String(count)} people`),
  ];
}

function faultText(fault: ApiFault): string {
  switch (fault.kind) {
    case 'refused':
      return refusalText(fault.error, fault.needed);
    case 'limited':
      return 'Slack is busy: try again in a minute';
    case 'unclear':
      return fault.cause;
  }
}
