import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parsePolicy } from '../../src/core/policy.ts';
import { Stage } from '../stage/stage.ts';

/** `irc elukey`, `irc nick|account`, `irc nick|-` for nobody, `slack name|USERID`, `console user`. */
type Who = string;

const IRC_AND_SLACK = [
  { name: 'elukey', irc: 'elukey', slack: 'U0ELUKEY', os: 'elukey', roles: ['sre'] },
  { name: 'jijiki', irc: 'jijiki', slack: 'U0JIJIKI', os: 'jijiki', roles: ['sre', 'admin'] },
  { name: 'akosiaris', irc: 'akosiaris', slack: 'U0AKOSIARIS', os: 'akosiaris', roles: ['sre'] },
  { name: 'intern', irc: 'intern', slack: 'U0INTERN', os: 'intern', roles: ['student'] },
  { name: 'jo', irc: 'jo[', slack: 'U0JO', roles: ['sre'] },
];

async function open(approvals = 1): Promise<Stage> {
  const stage = await Stage.open();
  stage.people = IRC_AND_SLACK;
  stage.withSlack = true;
  stage.withConsole = true;
  stage.restart();
  const policy = parsePolicy(
    parse(`[{commands: [pool], ask: [sre], approve: [sre], approvals: ${String(approvals)}, console: true}]`),
  );
  if (!policy.ok) throw new Error(JSON.stringify(policy.fault));
  stage.policy = policy.value;
  return stage;
}

async function say(stage: Stage, who: Who, text: string): Promise<void> {
  const [network = '', name = ''] = who.split(' ');
  const [nick = '', account = nick] = name.split('|');
  const chat = { irc: stage.chat, slack: stage.slack, console: stage.console }[network];
  if (chat === undefined) throw new Error(`no network ${network}`);
  await chat.say(nick, account === '-' ? undefined : account, text);
  await stage.settle();
}

/** Whether the object is changed when one asks and these approve. */
async function runs(stage: Stage, asker: Who, approvers: readonly Who[]): Promise<boolean> {
  await say(stage, asker, '!pool wikikube-worker1001 kartotherian-k8s-ssl');
  for (const approver of approvers) await say(stage, approver, '!approve k7f');
  return stage.seen.some((line) => line.startsWith('etcd '));
}

describe('one person is one person, whatever they come by', () => {
  test.each<[string, Who, readonly Who[]]>([
    ['the same account on the same network', 'irc elukey', ['irc elukey']],
    ['another nick of the same account', 'irc elukey', ['irc luca|elukey']],
    ['the same account in other letters', 'irc elukey', ['irc elukey|ELUKEY']],
    ['the own Slack user', 'irc elukey', ['slack elukey|U0ELUKEY']],
    ['the own Slack user under another name', 'irc elukey', ['slack jijiki|U0ELUKEY']],
    ['the own services account, asked on Slack', 'slack elukey|U0ELUKEY', ['irc elukey']],
    ['the own console', 'irc elukey', ['console elukey']],
    ['the own console, asked on Slack', 'slack elukey|U0ELUKEY', ['console elukey']],
    ['IRC, asked by console', 'console elukey', ['irc elukey']],
    ['all three of the own', 'irc elukey', ['irc elukey', 'slack elukey|U0ELUKEY', 'console elukey']],
  ])('%s does not approve', async (_what, asker, approvers) => {
    expect(await runs(await open(), asker, approvers)).toBe(false);
  });

  test.each<[string, readonly Who[]]>([
    ['twice on IRC', ['irc jijiki', 'irc jijiki']],
    ['under two nicks', ['irc jijiki', 'irc effie|jijiki']],
    ['on IRC and on Slack', ['irc jijiki', 'slack jijiki|U0JIJIKI']],
    ['on IRC and by console', ['irc jijiki', 'console jijiki']],
    ['on Slack and by console', ['slack jijiki|U0JIJIKI', 'console jijiki']],
    ['everywhere', ['irc jijiki', 'slack jijiki|U0JIJIKI', 'console jijiki']],
  ])('one who approves %s is not two', async (_what, approvers) => {
    expect(await runs(await open(2), 'irc elukey', approvers)).toBe(false);
  });
});

describe('two people are two people', () => {
  test.each<[string, Who, Who]>([
    ['both on IRC', 'irc elukey', 'irc jijiki'],
    ['both on Slack', 'slack elukey|U0ELUKEY', 'slack jijiki|U0JIJIKI'],
    ['both by console', 'console elukey', 'console jijiki'],
    ['IRC and Slack', 'irc elukey', 'slack jijiki|U0JIJIKI'],
    ['Slack and console', 'slack elukey|U0ELUKEY', 'console jijiki'],
    ['who shows the name of the asker on Slack', 'irc elukey', 'slack elukey|U0JIJIKI'],
    ['who has the nick of the asker', 'irc elukey', 'irc elukey_|jijiki'],
  ])('%s', async (_what, asker, approver) => {
    expect(await runs(await open(), asker, [approver])).toBe(true);
  });
});

describe('who is nobody approves nothing', () => {
  test.each<[string, Who]>([
    ['a nick without an account', 'irc jijiki|-'],
    ['an account that nobody has', 'irc jijiki|mallory'],
    ['the user id as a services account', 'irc jijiki|U0JIJIKI'],
    ['the services account as a user id', 'slack jijiki|jijiki'],
    ['the services account as a unix user that it is not', 'console root'],
    ['a user id in other letters', 'slack jijiki|u0jijiki'],
    ['a guest', 'slack jijiki|guest:U0JIJIKI'],
    ['a person without the role', 'irc intern'],
    ['an account that only some networks hold equal', 'irc jo|jo{'],
    ['a letter that looks alike', 'irc jijiki|jijiKi'.replace('K', '\u212A')],
  ])('%s', async (_what, approver) => {
    expect(await runs(await open(), 'irc elukey', [approver])).toBe(false);
  });
});

describe('where a group of Slack gives the role', () => {
  test('who is in it may, on any network', async () => {
    const stage = await open();
    stage.slack.groups = { sre: ['U0ELUKEY', 'U0INTERN'] };
    expect(await runs(stage, 'irc elukey', ['irc intern'])).toBe(true);
  });

  test('who was taken out of it may not, on any network', async () => {
    const stage = await open();
    stage.slack.groups = { sre: ['U0ELUKEY'] };
    expect(await runs(stage, 'irc elukey', ['irc jijiki', 'slack jijiki|U0JIJIKI'])).toBe(false);
  });

  test('nobody has it on Slack while it cannot be read; elsewhere people.yaml counts', async () => {
    const stage = await open();
    stage.slack.unread = 'sre';
    expect(await runs(stage, 'irc elukey', ['slack jijiki|U0JIJIKI'])).toBe(false);
    expect(stage.seen.at(-1)).toContain('refused: role: the user group of sre could not be read (no answer)');
    await say(stage, 'irc jijiki', '!approve k7f');
    expect(stage.seen.some((line) => line.startsWith('etcd '))).toBe(true);
  });

  test('who loses it before the write has approved nothing', async () => {
    const stage = await open();
    stage.slack.groups = { sre: ['U0ELUKEY', 'U0JIJIKI'] };
    await say(stage, 'irc elukey', '!pool wikikube-worker1001 kartotherian-k8s-ssl');
    stage.workerAway = true;
    await say(stage, 'irc jijiki', '!approve k7f');
    stage.slack.groups = { sre: ['U0ELUKEY'] };
    stage.workerAway = false;
    await stage.settle();
    expect(stage.seen.some((line) => line.startsWith('etcd '))).toBe(false);
    expect(stage.seen.some((line) => line.includes('held: approvals'))).toBe(true);
  });
});
