import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Card } from '../../../src/core/card.ts';
import type { Result } from '../../../src/core/result.ts';
import type { Actor, Sent } from '../../../src/ports/chat.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { LabSlack, SlackMessage } from '../../lab/slack.ts';
import { startSlack } from '../../lab/slack.ts';
import type { TestSlack } from './heard.ts';
import { startTestSlack } from './heard.ts';

let runDir: RunDir;
let slack: LabSlack;
let user: string;
let channel: string;
let other: string;
let bot: TestSlack;
let count = 0;

beforeAll(async () => {
  runDir = makeRunDir();
  slack = await startSlack(runDir);
  user = await slack.addUser({ name: 'elukey' });
});
afterAll(() => {
  runDir.remove();
});
afterEach(async () => {
  await slack.set({ perChannelPerSec: 0 });
  await bot.chat.close();
});

/** Two channels of this test alone, and a bot in them. */
async function open(options: Partial<Parameters<typeof startTestSlack>[1]> = {}): Promise<void> {
  count += 1;
  channel = await slack.addChannel(`ops${String(count)}`);
  other = await slack.addChannel(`other${String(count)}`);
  bot = startTestSlack(slack, { channels: [channel, other], ...options });
  await bot.becomes('ready');
}

const card: Card = {
  id: 'k7f',
  title: 'k7f depool maps1005.eqiad.wmnet in kartotherian-ssl',
  status: 'waits for 1 approval',
  tone: 'waiting',
  facts: [{ name: 'asked by', value: 'elukey (IRC)' }],
  lines: ['elukey: k7f waits for 1 approval'],
  buttons: ['approve', 'deny', 'cancel'],
};

async function texts(where = channel): Promise<readonly string[]> {
  return (await slack.messages(where)).map(({ text }) => text);
}

async function show(
  line: string,
  options: { ts?: string; progress?: boolean; thread?: boolean } = {},
): Promise<Result<Sent> | undefined> {
  const { ts, progress = false, thread = false } = options;
  return await bot.chat.show?.(channel, card, {
    key: `k7f:${line}`,
    urgency: progress ? 'progress' : 'result',
    line,
    ref: ts === undefined ? undefined : { transport: 'slack', channel, id: ts },
    thread,
  });
}

describe('what is said', () => {
  test('is a message whose id is the proof', async () => {
    await open();
    const sent = await bot.chat.send(channel, 'hello', { key: 'a', urgency: 'result' });
    const [message] = await slack.messages(channel);
    expect(sent).toEqual({
      ok: true,
      value: { proof: 'echo', ref: { transport: 'slack', channel, id: message?.ts } },
    });
  });

  test('pings nobody, whatever foreign text it holds', async () => {
    await open();
    await bot.chat.send(channel, "no host '<!channel>' & <@U1>", { key: 'a', urgency: 'result' });
    expect(await texts()).toEqual(["no host '&lt;!channel&gt;' &amp; &lt;@U1&gt;"]);
  });

  test('once, when the answer is lost', async () => {
    await open();
    await slack.fault('chat.postMessage', { apply: true, dropAfter: true });
    const sent = await bot.chat.send(channel, 'hello', { key: 'k7f:done', urgency: 'result' });
    expect(sent).toMatchObject({ ok: true, value: { proof: 'echo' } });
    expect(await texts()).toEqual(['hello']);
  });

  test('again, when it did not arrive', async () => {
    await open();
    await slack.fault('chat.postMessage', { drop: true, times: 2 });
    const sent = await bot.chat.send(channel, 'hello', { key: 'k7f:done', urgency: 'result' });
    expect(sent).toMatchObject({ ok: true, value: { proof: 'echo' } });
    expect(await texts()).toEqual(['hello']);
  });

  test('once, also when an earlier process said it and died', async () => {
    await open();
    await bot.chat.send(channel, 'hello', { key: 'k7f:done', urgency: 'result' });
    await bot.chat.close();
    bot = startTestSlack(slack, { channels: [channel], bounds: { lookFirstMs: 60_000 } });
    await bot.becomes('ready');
    const again = await bot.chat.send(channel, 'hello', { key: 'k7f:done', urgency: 'result' });
    expect(again).toMatchObject({ ok: true, value: { proof: 'echo' } });
    expect(await texts()).toEqual(['hello']);
  });

  test('and is kept for later when Slack never answers', async () => {
    await open({ bounds: { tries: 2 } });
    await slack.fault('chat.postMessage', { status: 503, times: 2 });
    expect(await bot.chat.send(channel, 'hello', { key: 'a', urgency: 'result' })).toMatchObject({
      ok: false,
      fault: { kind: 'chat-down' },
    });
  });

  test('in one channel waits when Slack says so, and in another goes on', async () => {
    await open();
    await slack.set({ perChannelPerSec: 2 });
    const order: string[] = [];
    const say = async (where: string, line: string): Promise<void> => {
      await bot.chat.send(where, line, { key: line, urgency: 'result' });
      order.push(line);
    };
    const busy = ['a', 'b', 'c'].map((line) => say(channel, line));
    await Promise.all(busy.slice(0, 2));
    await Promise.all([...busy, say(other, 'elsewhere')]);
    expect(order).toEqual(['a', 'b', 'elsewhere', 'c']);
    expect(await texts()).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['channel_not_found', /\/invite/],
    ['not_in_channel', /\/invite/],
    ['is_archived', /archived/],
    ['missing_scope', /slack-app\.yaml/],
    ['some_new_word', /Slack says some_new_word/],
  ])('is refused for good by %s, in plain words', async (error, cause) => {
    await open();
    await slack.fault('chat.postMessage', { error });
    const sent = await bot.chat.send(channel, 'hello', { key: 'a', urgency: 'result' });
    expect(sent).toMatchObject({ ok: false, fault: { kind: 'chat-refused', channel } });
    expect(!sent.ok && sent.fault.kind === 'chat-refused' && sent.fault.cause).toMatch(cause);
  });

  test('only where Sluice is told to', async () => {
    await open();
    expect(await bot.chat.send('C0ELSE', 'hello', { key: 'a', urgency: 'result' })).toMatchObject({
      ok: false,
      fault: { kind: 'chat-refused' },
    });
  });

  test('to one person, in private', async () => {
    await open();
    const actor: Actor = { transport: 'slack', account: user, display: 'elukey' };
    expect(await bot.chat.tell(actor, 'say it in the channel')).toEqual({ ok: true, value: undefined });
    expect(await texts(user)).toContain('say it in the channel');
  });
});

describe('a card', () => {
  async function shown(): Promise<{ readonly ts: string; readonly first: SlackMessage | undefined }> {
    await show('waits');
    const [first] = await slack.messages(channel);
    return { ts: first?.ts ?? '', first };
  }

  test('is one message with everything in it, and its whole sentence as text', async () => {
    await open();
    const { first } = await shown();
    expect(first?.text).toBe('waits');
    expect(first?.blocks).toMatchObject([
      { type: 'header', text: { type: 'plain_text', text: `⏳ ${card.title}` } },
      { type: 'section', text: { type: 'mrkdwn', text: '*waits for 1 approval*', verbatim: true } },
      { type: 'section', fields: [{ text: '*asked by*\nelukey (IRC)' }] },
      { type: 'context', elements: [{ type: 'plain_text', text: 'elukey: k7f waits for 1 approval' }] },
      {
        type: 'actions',
        elements: [
          { action_id: 'approve', value: 'k7f', style: 'primary' },
          { action_id: 'deny', value: 'k7f', style: 'danger' },
          { action_id: 'cancel', value: 'k7f' },
        ],
      },
    ]);
  });

  test('is edited in place, with the line below it for those who follow', async () => {
    await open();
    const { ts } = await shown();
    await show('done', { ts, thread: true });
    const messages = await slack.messages(channel);
    expect(messages.map(({ text, thread_ts }) => [text, thread_ts])).toEqual([
      ['done', undefined],
      ['done', ts],
    ]);
  });

  test('shows progress no oftener than it may, and always the last state', async () => {
    await open({ bounds: { editEveryMs: 300 } });
    const { ts } = await shown();
    const lines = Array.from({ length: 30 }, (_, index) => `${String(index + 1)} of 30`);
    await Promise.all(lines.map((line) => show(line, { ts, progress: true })));
    await show('done', { ts });
    const { calls } = await slack.state();
    const updates = calls.filter(({ method, params }) => method === 'chat.update' && params['ts'] === ts);
    expect(updates.length).toBeLessThanOrEqual(3);
    expect(await texts()).toEqual(['done']);
  });

  test('that somebody removed is shown anew', async () => {
    await open();
    const { ts } = await shown();
    await slack.remove(channel, ts);
    const sent = await show('done', { ts });
    expect(sent?.ok === true && sent.value.ref?.id).not.toBe(ts);
    expect(await texts()).toEqual(['done']);
  });

  test('with text that is too long for Slack is cut, and taken', async () => {
    await open();
    const long = '<!channel> & '.repeat(1000);
    const sent = await bot.chat.show?.(
      channel,
      { ...card, title: long, lines: [long], facts: [{ name: 'reason', value: long }] },
      { key: 'a', urgency: 'result', line: 'short', ref: undefined, thread: false },
    );
    expect(sent).toMatchObject({ ok: true });
    const [message] = await slack.messages(channel);
    expect(JSON.stringify(message?.blocks)).not.toContain('*reason*\\n<!channel>');
  });
});

describe('what is heard', () => {
  test('a delivery that comes again is the same event', async () => {
    await open();
    await slack.say(user, channel, '!ops');
    await bot.hears(({ kind }) => kind === 'text');
    const { deliveries } = await slack.state();
    await slack.redeliver(deliveries.at(-1)?.event_id ?? '');
    await waitUntil('it came again', () => bot.heard.length === 2);
    expect(bot.heard[0]?.eventKey).toBe(bot.heard[1]?.eventKey);
  });

  test('an edit and a removal name the line that they are about', async () => {
    await open();
    const ts = await slack.say(user, channel, '!pool x y');
    await slack.edit(channel, ts, '!pool z y');
    await slack.remove(channel, ts);
    await waitUntil('all is heard', () => bot.heard.length === 3);
    const [said, edited, deleted] = bot.heard;
    expect([edited?.kind, deleted?.kind]).toEqual(['edited', 'deleted']);
    expect(edited).toMatchObject({ eventKeyBefore: said?.eventKey });
    expect(deleted).toMatchObject({ eventKeyBefore: said?.eventKey });
  });

  test('a reaction, its withdrawal, and a button that is acknowledged at once', async () => {
    await open();
    await show('waits');
    const [message] = await slack.messages(channel);
    const ts = message?.ts ?? '';
    await slack.react(user, channel, ts, 'white_check_mark');
    await slack.unreact(user, channel, ts, 'white_check_mark');
    const pressed = await slack.click(user, channel, ts, { action: 'approve', value: 'k7f' });
    expect(pressed.acked).toBe(true);
    await waitUntil('all is heard', () => bot.heard.length === 3);
    expect(bot.heard).toMatchObject([
      { kind: 'reaction', targetId: ts, emoji: '✅', removed: false },
      { kind: 'reaction', targetId: ts, emoji: '✅', removed: true },
      { kind: 'action', targetId: ts, action: 'approve', value: 'k7f', actor: { account: user } },
    ]);
  });
});

describe('who it is', () => {
  const asked = (account: string): Promise<Actor> | undefined =>
    bot.chat.identify?.({ transport: 'slack', account, display: account });

  test('a member is known by the name that they show', async () => {
    await open();
    expect(await asked(user)).toEqual({
      transport: 'slack',
      account: user,
      display: 'elukey',
      refused: undefined,
    });
  });

  test.each([
    ['a guest', { is_restricted: true }, 'a guest'],
    ['a guest of one channel', { is_ultra_restricted: true }, 'a guest'],
    ['a stranger', { is_stranger: true }, 'a stranger of another organisation'],
    ['another team', { team_id: 'T0OTHER' }, 'of another team'],
    ['a bot', { is_bot: true }, 'a bot'],
    ['a deactivated account', { deleted: true }, 'a deactivated account'],
  ])('%s may do nothing', async (_what, fields, refused) => {
    await open();
    expect(await asked(await slack.addUser({ name: 'mallory', ...fields }))).toMatchObject({ refused });
  });

  test('whom Slack does not know, or does not tell of, may do nothing', async () => {
    await open();
    expect(await asked('U0NOBODY')).toMatchObject({ refused: 'Slack does not say who it is' });
    await slack.fault('users.info', { status: 500 });
    expect(await asked(user)).toMatchObject({ refused: 'Slack does not say who it is' });
    expect(await asked(user)).toMatchObject({ refused: undefined });
  });

  test('who was deactivated a moment ago is nobody at once', async () => {
    await open();
    const leaving = await slack.addUser({ name: 'leaving' });
    expect(await asked(leaving)).toMatchObject({ refused: undefined });
    await slack.changeUser(leaving, { deleted: true });
    await waitUntil('it is known', async () => (await asked(leaving))?.refused === 'a deactivated account');
  });
});

describe('roles of user groups', () => {
  const SRE = 'S0SRE';

  test('are those of the group as it is now', async () => {
    await slack.addGroup('sre', [user], SRE);
    await open({ groups: { sre: SRE } });
    const fresh = { fresh: true };
    expect(await bot.chat.rolesOf?.(user, fresh)).toEqual({ ok: true, value: { sre: true } });
    await slack.setGroup(SRE, []);
    expect(await bot.chat.rolesOf?.(user, fresh)).toEqual({ ok: true, value: { sre: false } });
  });

  test('are nobody’s when the group cannot be read, and as last known for what was decided', async () => {
    await slack.addGroup('sre', [user], SRE);
    await open({ groups: { sre: SRE } });
    await bot.chat.rolesOf?.(user, { fresh: true });
    await slack.fault('usergroups.users.list', { error: 'missing_scope', times: 2 });
    expect(await bot.chat.rolesOf?.(user, { fresh: true })).toMatchObject({
      ok: false,
      fault: { kind: 'group-unread', role: 'sre' },
    });
    expect(await bot.chat.rolesOf?.(user, { fresh: false })).toEqual({ ok: true, value: { sre: true } });
  });
});
