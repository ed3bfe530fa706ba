import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { examineSlack } from '../../../src/adapters/slack/examine.ts';
import { doctorLineText } from '../../../src/core/doctor-line.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import type { LabSlack } from '../../lab/slack.ts';
import { startSlack } from '../../lab/slack.ts';

let runDir: RunDir;
let slack: LabSlack;
let channel: string;

beforeAll(async () => {
  runDir = makeRunDir();
  slack = await startSlack(runDir);
  channel = await slack.addChannel('ops');
});
afterAll(() => {
  runDir.remove();
});

async function examine(
  options: Partial<Parameters<typeof examineSlack>[0]> = {},
): Promise<readonly string[]> {
  const lines = await examineSlack({
    botToken: slack.botToken,
    mode: { kind: 'socket', appToken: slack.appToken },
    apiUrl: slack.apiUrl,
    channels: [channel],
    groups: {},
    timeoutMs: 5000,
    ...options,
  });
  return lines.map(doctorLineText);
}

test('where all is well', async () => {
  const group = await slack.addGroup('sre', ['U0ELUKEY']);
  expect(await examine({ groups: { sre: group } })).toEqual([
    'ok slack logged in as sluice of Test',
    expect.stringMatching(/^ok slack has every scope: chat:write, .*usergroups:read$/),
    'ok slack the app token opens sockets',
    `ok slack in ${channel} (#ops)`,
    `ok slack the group ${group} gives sre to 1 people`,
  ]);
});

test('a missing scope is named', async () => {
  await slack.set({ scopes: ['chat:write', 'channels:read'] });
  expect(await examine()).toEqual([
    'ok slack logged in as sluice of Test',
    expect.stringMatching(/^FAIL slack lacks the scope channels:history, .*docs\/slack-app\.yaml/),
  ]);
  await slack.set({
    scopes: [
      ...['chat:write', 'channels:history', 'channels:read', 'groups:history', 'groups:read', 'im:history'],
      ...['reactions:read', 'users:read', 'usergroups:read'],
    ],
  });
});

test.each<[string, object, RegExp]>([
  ['a wrong bot token', { botToken: 'xoxb-wrong' }, /^FAIL slack the bot token: the token is wrong/],
  [
    'a wrong app token',
    { mode: { kind: 'socket', appToken: 'xapp-wrong' } },
    /^FAIL slack the app token: the token is wrong/,
  ],
  ['no Slack', { apiUrl: 'http://127.0.0.1:9/api/' }, /^FAIL slack no answer from http:\/\/127\.0\.0\.1:9/],
  ['no such channel', { channels: ['C0NONE'] }, /^FAIL slack C0NONE: Slack has no such channel/],
  ['no such group', { groups: { sre: 'S0NONE' } }, /^FAIL slack the group S0NONE of sre: /],
  [
    'HTTP mode',
    { mode: { kind: 'http', signingSecret: 'x', host: '127.0.0.1', port: 8631 } },
    /^warn slack HTTP mode: .*127\.0\.0\.1:8631/,
  ],
])('%s', async (_what, options, line) => {
  expect(await examine(options)).toContainEqual(expect.stringMatching(line));
});

test.each<[Readonly<Record<string, unknown>>, RegExp]>([
  [{ is_member: false }, /^FAIL slack C\S+ \(#other\): Sluice is not in it: \/invite/],
  [{ is_archived: true }, /^FAIL slack C\S+ \(#other\) is archived/],
  [{ is_ext_shared: true }, /^FAIL slack C\S+ \(#other\) is shared/],
  [{ is_private: true }, /^warn slack C\S+ \(#other\) is private/],
])('a channel that is %j', async (more, line) => {
  const other = await slack.addChannel('other', more);
  expect(await examine({ channels: [other] })).toContainEqual(expect.stringMatching(line));
});
