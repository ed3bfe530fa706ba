import { newId, refusal } from './workspace.mjs';

/** The scope that each method wants. */
export const SCOPES = {
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'reactions.get': 'reactions:read',
  'users.info': 'users:read',
  'usergroups.users.list': 'usergroups:read',
  'conversations.history': 'channels:history',
  'conversations.replies': 'channels:history',
  'conversations.info': 'channels:read',
};

/** The methods of the Web API that Sluice calls. `address` tells where sockets are opened. */
export function webApi(workspace, address) {
  const { settings, users, groups, channels } = workspace;
  return {
    'apps.connections.open': () => ({ ok: true, url: `${address()}?ticket=${newId('t')}` }),
    'auth.test': () => ({
      ok: true,
      url: 'https://test.slack.invalid/',
      team: 'Test',
      user: 'sluice',
      team_id: settings.teamId,
      user_id: settings.botUserId,
      bot_id: settings.botId,
    }),
    'chat.postMessage': (params) => post(workspace, params),
    'chat.update': ({ channel, ts, text, blocks }) => {
      const message = workspace.find(channel, ts);
      if (message === undefined) return refusal('message_not_found');
      if (message.user !== settings.botUserId) return refusal('cant_update_message');
      const change = { ...(text !== undefined && { text }), ...(blocks && { blocks }) };
      workspace.change(channel, message, change, settings.botUserId);
      return { ok: true, channel, ts, text: message.text, message };
    },
    'users.info': ({ user }) => {
      const found = users.get(user);
      return found === undefined ? refusal('user_not_found') : { ok: true, user: found };
    },
    'usergroups.users.list': ({ usergroup }) => {
      const group = groups.get(usergroup);
      return group === undefined ? refusal('no_such_subteam') : { ok: true, users: group.users };
    },
    'conversations.info': ({ channel }) => {
      const found = channels.get(channel);
      if (found === undefined) return refusal('channel_not_found');
      const { id, name, is_ext_shared, is_private, is_member = true, is_archived = false } = found;
      return { ok: true, channel: { id, name, is_ext_shared, is_private, is_member, is_archived } };
    },
    'conversations.history': ({ channel, oldest, limit, include_all_metadata }) => {
      const found = channels.get(channel);
      if (found === undefined) return refusal('channel_not_found');
      const messages = found.messages
        .filter(({ ts, thread_ts }) => thread_ts === undefined && (!oldest || ts > oldest))
        .toReversed()
        .slice(0, Number(limit ?? 100));
      return { ok: true, messages: withMetadata(messages, include_all_metadata), has_more: false };
    },
    'conversations.replies': ({ channel, ts, include_all_metadata }) => {
      const found = channels.get(channel);
      if (found === undefined) return refusal('channel_not_found');
      const messages = found.messages.filter((one) => one.ts === ts || one.thread_ts === ts);
      return { ok: true, messages: withMetadata(messages, include_all_metadata), has_more: false };
    },
  };
}

function withMetadata(messages, wanted) {
  const isWanted = wanted === true || wanted === 'true';
  return isWanted ? messages : messages.map(({ metadata, ...message }) => message);
}

function post(workspace, { channel, text, blocks, thread_ts, metadata }) {
  const { settings, channels, users } = workspace;
  // A user id opens a conversation with that user.
  if (users.has(channel) && !channels.has(channel))
    workspace.addChannel(channel, { id: channel, is_im: true, is_private: true });
  const at = channels.get(channel);
  if (at === undefined) return refusal('channel_not_found');
  if (at.is_archived === true) return refusal('is_archived');
  if (at.is_member === false) return refusal('not_in_channel');
  if (!text && !blocks) return refusal('no_text');
  if (text?.length > 40_000) return refusal('msg_too_long');
  if (thread_ts && workspace.find(channel, thread_ts) === undefined) return refusal('thread_not_found');
  const wrong = blocks === undefined ? undefined : wrongBlock(blocks);
  if (wrong !== undefined) return refusal('invalid_blocks', { response_metadata: { messages: [wrong] } });
  const message = {
    type: 'message',
    user: settings.botUserId,
    bot_id: settings.botId,
    app_id: settings.appId,
    text: text ?? '',
    ts: workspace.newTs(),
    ...(blocks && { blocks }),
    ...(thread_ts && { thread_ts }),
    ...(metadata && { metadata }),
    reactions: [],
  };
  at.messages.push(message);
  // A bot hears itself, too.
  workspace.emit({
    ...message,
    reactions: undefined,
    channel,
    channel_type: 'channel',
    event_ts: message.ts,
  });
  return { ok: true, channel, ts: message.ts, message };
}

/** What Slack would not take: the limits of its documentation. */
function wrongBlock(blocks) {
  if (blocks.length > 50) return 'more than 50 blocks';
  for (const { type, text, fields, elements } of blocks) {
    if (type === 'header' && !(text.type === 'plain_text' && text.text.length <= 150)) return 'header';
    if (type === 'section' && text !== undefined && !(text.text.length <= 3000)) return 'section text';
    if (type === 'section' && fields !== undefined) {
      if (fields.length > 10 || fields.some((field) => field.text.length > 2000)) return 'section fields';
    }
    if (type === 'actions' && !(elements.length <= 25 && elements.every(({ action_id }) => action_id)))
      return 'actions';
    if (type === 'context' && !(elements.length <= 10)) return 'context';
  }
  return undefined;
}
