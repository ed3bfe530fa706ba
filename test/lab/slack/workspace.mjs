import { randomBytes } from 'node:crypto';
import { typed } from './typed.mjs';

/** A fresh id of Slack's kind. */
export function newId(prefix) {
  return prefix + randomBytes(5).toString('hex').toUpperCase();
}

/** A refusal of the Web API. */
export function refusal(error, more = {}) {
  return { ok: false, error, ...more };
}

/** People, channels, groups and messages, and what the Web API and people do with them. What happens is told to `emit`. */
export class Workspace {
  constructor(settings, emit) {
    this.settings = settings;
    this.emit = emit;
    this.users = new Map();
    this.groups = new Map();
    this.channels = new Map();
    this.count = 0;
    this.addUser({ id: settings.botUserId, name: 'sluice', is_bot: true });
  }

  newTs() {
    this.count += 1;
    return `${Math.floor(Date.now() / 1000)}.${String(this.count).padStart(6, '0')}`;
  }

  addUser(user) {
    const made = {
      id: newId('U'),
      team_id: this.settings.teamId,
      deleted: false,
      is_bot: false,
      is_restricted: false,
      is_ultra_restricted: false,
      is_stranger: false,
      ...user,
      profile: { real_name: user.real_name ?? user.name, display_name: user.name, ...user.profile },
    };
    this.users.set(made.id, made);
    return made;
  }

  /** Changes what is known of a user, and tells so, as Slack does. */
  changeUser(id, change) {
    const user = { ...this.users.get(id), ...change };
    this.users.set(id, user);
    this.emit({ type: 'user_change', user, event_ts: this.newTs() });
    return user;
  }

  addChannel(name, more = {}) {
    const made = { id: newId('C'), name, is_ext_shared: false, is_private: false, messages: [], ...more };
    this.channels.set(made.id, made);
    return made;
  }

  addGroup(handle, userIds, id = newId('S')) {
    this.groups.set(id, { handle, users: userIds });
    return id;
  }

  setGroup(id, userIds) {
    this.groups.set(id, { ...this.groups.get(id), users: userIds });
    return true;
  }

  find(channel, ts) {
    return this.channels.get(channel)?.messages.find((message) => message.ts === ts);
  }

  /** A person says something. `more` may set thread_ts, subtype, bot_id. */
  say(user, channel, text, more = {}) {
    const message = {
      type: 'message',
      user,
      text: typed(text),
      ts: this.newTs(),
      client_msg_id: randomBytes(16).toString('hex'),
      team: this.users.get(user)?.team_id,
      reactions: [],
      ...more,
    };
    const at = this.channels.get(channel);
    at.messages.push(message);
    this.emit({
      ...message,
      reactions: undefined,
      channel,
      channel_type: at.is_im === true ? 'im' : at.is_private ? 'group' : 'channel',
      event_ts: message.ts,
    });
    return message;
  }

  edit(channel, ts, text) {
    const message = this.find(channel, ts);
    return this.change(channel, message, { text: typed(text) }, message.user);
  }

  change(channel, message, change, by) {
    const previous = { ...message };
    Object.assign(message, change, { edited: { user: by, ts: this.newTs() } });
    const ts = this.newTs();
    this.emit({
      type: 'message',
      subtype: 'message_changed',
      hidden: true,
      channel,
      message,
      previous_message: previous,
      ts,
      event_ts: ts,
    });
    return message;
  }

  remove(channel, ts) {
    const at = this.channels.get(channel);
    const message = this.find(channel, ts);
    at.messages = at.messages.filter((one) => one !== message);
    const now = this.newTs();
    this.emit({
      type: 'message',
      subtype: 'message_deleted',
      hidden: true,
      channel,
      deleted_ts: ts,
      previous_message: message,
      ts: now,
      event_ts: now,
    });
    return true;
  }

  react(user, channel, ts, name) {
    const message = this.find(channel, ts);
    if (message === undefined) return refusal('message_not_found');
    if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) return refusal('invalid_name');
    let reaction = message.reactions.find((one) => one.name === name);
    if (reaction === undefined) message.reactions.push((reaction = { name, users: [], count: 0 }));
    if (reaction.users.includes(user)) return refusal('already_reacted');
    reaction.users.push(user);
    reaction.count += 1;
    this.emit(this.reactionEvent('reaction_added', { user, channel, name, message }));
    return { ok: true };
  }

  unreact(user, channel, ts, name) {
    const message = this.find(channel, ts);
    const reaction = message?.reactions.find((one) => one.name === name);
    if (!reaction?.users.includes(user)) return refusal('no_reaction');
    reaction.users = reaction.users.filter((one) => one !== user);
    reaction.count -= 1;
    message.reactions = message.reactions.filter(({ count }) => count > 0);
    this.emit(this.reactionEvent('reaction_removed', { user, channel, name, message }));
    return { ok: true };
  }

  reactionEvent(type, { user, channel, name, message }) {
    return {
      type,
      user,
      reaction: name,
      item_user: message.user,
      item: { type: 'message', channel, ts: message.ts },
      event_ts: this.newTs(),
    };
  }
}
