import { describe, expect, test } from '@jest/globals';
import { readDelivery } from '../../../src/adapters/slack/inbound.ts';
import { escapeSlack, readSlackText } from '../../../src/adapters/slack/text.ts';

const listening = { botUserId: 'U0BOT', channels: ['C0OPS'] };

function said(event: Readonly<Record<string, unknown>>, more: object = {}): unknown {
  return {
    type: 'event_callback',
    event_id: 'Ev1',
    event: {
      type: 'message',
      user: 'U0ELUKEY',
      text: '!ops',
      channel: 'C0OPS',
      ts: '1800000000.000100',
      ...event,
    },
    ...more,
  };
}

describe('readDelivery', () => {
  test('a line in a configured channel', () => {
    expect(readDelivery(said({ client_msg_id: 'x', team: 'T0' }), listening)).toEqual({
      kind: 'text',
      eventKey: 'slack:C0OPS:1800000000.000100',
      at: 1_800_000_000_000,
      replay: false,
      channel: 'C0OPS',
      actor: { transport: 'slack', account: 'U0ELUKEY', display: 'U0ELUKEY' },
      ref: { transport: 'slack', channel: 'C0OPS', id: '1800000000.000100' },
      text: '!ops',
      addressed: false,
      inReplyTo: undefined,
    });
  });

  test('our name in front is an address', () => {
    for (const text of ['<@U0BOT> ops', '<@U0BOT>: ops', ' <@U0BOT|sluice>, ops'])
      expect(readDelivery(said({ text }), listening)).toMatchObject({ text: 'ops', addressed: true });
  });

  test('a private line has no channel', () => {
    expect(readDelivery(said({ channel: 'D1', channel_type: 'im' }), listening)).toMatchObject({
      channel: undefined,
    });
  });

  test('a line below another tells which', () => {
    expect(readDelivery(said({ thread_ts: '1.5' }), listening)).toMatchObject({ inReplyTo: '1.5' });
  });

  test.each([
    ['another bot', said({ bot_id: 'B1' })],
    ['another bot, by subtype', said({ subtype: 'bot_message' })],
    ['ourselves', said({ user: 'U0BOT' })],
    ['another channel', said({ channel: 'C0ELSE' })],
    ['somebody who joins', said({ subtype: 'channel_join' })],
    ['nobody', said({ user: undefined })],
    ['what is hidden', said({ hidden: true })],
    ['no text', said({ text: undefined })],
    ['something else', { type: 'event_callback', event_id: 'Ev1', event: { type: 'team_join' } }],
    ['nonsense', 'nonsense'],
  ])('%s is not heard', (_what, body) => {
    expect(readDelivery(body, listening)).toBeUndefined();
  });

  test('with a file, or broadcast from a thread, it is still a line', () => {
    for (const subtype of ['file_share', 'thread_broadcast'])
      expect(readDelivery(said({ subtype }), listening)).toMatchObject({ text: '!ops' });
  });

  test('in a channel that is shared with others nobody of them, nor of us, is believed', () => {
    expect(readDelivery(said({}, { is_ext_shared_channel: true }), listening)).toMatchObject({
      actor: { refused: 'the channel is shared with another organisation' },
    });
  });

  test('an edit and a removal name the line as it was', () => {
    const before = { user: 'U0ELUKEY', ts: '1800000000.000100', text: '!pool x y' };
    for (const [subtype, kind] of [
      ['message_changed', 'edited'],
      ['message_deleted', 'deleted'],
    ]) {
      const body = said({
        subtype,
        hidden: true,
        ts: '1800000009.000200',
        previous_message: before,
        message: { ...before, text: '!pool z y' },
      });
      expect(readDelivery(body, listening)).toMatchObject({
        kind,
        eventKeyBefore: 'slack:C0OPS:1800000000.000100',
        at: 1_800_000_009_000,
      });
    }
  });

  test('a link that Slack drew below a line is no edit, nor are our own', () => {
    const before = { user: 'U0ELUKEY', ts: '1800000000.000100', text: 'same' };
    const changed = (previous_message: object): unknown =>
      said({ subtype: 'message_changed', hidden: true, previous_message, message: { text: 'same' } });
    expect(readDelivery(changed(before), listening)).toBeUndefined();
    expect(readDelivery(changed({ ...before, text: 'x', user: 'U0BOT' }), listening)).toBeUndefined();
    expect(readDelivery(changed({ ...before, text: 'x', bot_id: 'B0' }), listening)).toBeUndefined();
  });

  test.each([
    ['white_check_mark', '✅'],
    ['heavy_check_mark', '✅'],
    ['x', '❌'],
    ['white_check_mark::skin-tone-3', '✅'],
    ['eyes', ':eyes:'],
  ])('the reaction %s', (reaction, emoji) => {
    const event = {
      type: 'reaction_added',
      user: 'U0ELUKEY',
      reaction,
      item: { type: 'message', channel: 'C0OPS', ts: '1.5' },
      event_ts: '1800000000.000100',
    };
    expect(readDelivery({ event_id: 'Ev7', event }, listening)).toMatchObject({
      kind: 'reaction',
      eventKey: 'slack:Ev7',
      targetId: '1.5',
      emoji,
      removed: false,
    });
    expect(
      readDelivery({ event_id: 'Ev8', event: { ...event, type: 'reaction_removed' } }, listening),
    ).toMatchObject({ removed: true });
  });

  test('a button of ours, and none of anybody else', () => {
    const body = (action_id: string): unknown => ({
      type: 'block_actions',
      trigger_id: 'tr1',
      user: { id: 'U0ELUKEY' },
      channel: { id: 'C0OPS' },
      container: { type: 'message', message_ts: '1.5' },
      actions: [{ action_id, value: 'k7f', action_ts: '1800000000.000100' }],
    });
    expect(readDelivery(body('approve'), listening)).toMatchObject({
      kind: 'action',
      eventKey: 'slack:tr1',
      targetId: '1.5',
      action: 'approve',
      value: 'k7f',
      channel: 'C0OPS',
    });
    expect(readDelivery(body('launch'), listening)).toBeUndefined();
  });
});

describe('readSlackText', () => {
  test.each([
    [
      '!pool <http://gerrit1003.wikimedia.org|gerrit1003.wikimedia.org> gerrit',
      '!pool gerrit1003.wikimedia.org gerrit',
    ],
    [
      '!pool <http://evil.org|gerrit1003.wikimedia.org> gerrit',
      '!pool <http://evil.org|gerrit1003.wikimedia.org> gerrit',
    ],
    ['mail <mailto:a@b.org|a@b.org>', 'mail a@b.org'],
    ['see <https://phabricator.wikimedia.org/T378944>', 'see https://phabricator.wikimedia.org/T378944'],
    ['<@U0ELUKEY> and <#C0OPS|ops>', 'U0ELUKEY and C0OPS'],
    ['<!channel> now', '<!channel> now'],
    ['a &amp;lt; b &lt; c &gt; d &amp; e', 'a &lt; b < c > d & e'],
    ['&lt;@U0ELUKEY&gt;', '<@U0ELUKEY>'],
    ['<http://a.org/?x=1&amp;y=2>', 'http://a.org/?x=1&y=2'],
  ])('%s', (text, read) => {
    expect(readSlackText(text)).toBe(read);
  });
});

test('what is shown of others is shown as it is', () => {
  expect(escapeSlack('<!channel> & <@U1>')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt;');
});
