import { z } from 'zod';
import type { Inbound } from '../../ports/chat.ts';
import { readSlackText, withoutMention } from './text.ts';

/** Who we are and where we listen: what an event is read against. */
export interface Listening {
  readonly botUserId: string;
  readonly channels: readonly string[];
}

const Person = z.string().regex(/^[UW][A-Z0-9]+$/);
const Ts = z.string().regex(/^\d+\.\d+$/);

const Said = z.object({
  type: z.literal('message'),
  subtype: z.enum(['thread_broadcast', 'file_share']).optional(),
  bot_id: z.undefined().optional(),
  hidden: z.undefined().optional(),
  user: Person,
  text: z.string(),
  channel: z.string(),
  channel_type: z.string().optional(),
  ts: Ts,
  thread_ts: Ts.optional(),
});

const Original = z.object({ user: Person, ts: Ts, bot_id: z.undefined().optional() });

const Changed = z.object({
  type: z.literal('message'),
  subtype: z.enum(['message_changed', 'message_deleted']),
  channel: z.string(),
  ts: Ts,
  /** Without a new text Slack only drew a link or a picture below it. */
  message: z.object({ text: z.string().optional() }).optional(),
  previous_message: Original.extend({ text: z.string().optional() }),
});

const Reaction = z.object({
  type: z.enum(['reaction_added', 'reaction_removed']),
  user: Person,
  reaction: z.string(),
  item: z.object({ type: z.literal('message'), channel: z.string(), ts: Ts }),
  event_ts: Ts,
});

const Envelope = z.object({
  event_id: z.string(),
  is_ext_shared_channel: z.boolean().optional(),
  event: z.unknown(),
});

const Pressed = z.object({
  type: z.literal('block_actions'),
  trigger_id: z.string(),
  user: z.object({ id: Person }),
  channel: z.object({ id: z.string() }),
  container: z.object({ message_ts: Ts }),
  actions: z.array(
    z.object({ action_id: z.enum(['approve', 'deny', 'cancel', 'undo']), value: z.string(), action_ts: Ts }),
  ),
});

const SHARED = 'the channel is shared with another organisation';
const EMOJI: Readonly<Record<string, string>> = { white_check_mark: '✅', heavy_check_mark: '✅', x: '❌' };

/**
 * Reads one delivery of the Events API, or of a button.
 *
 * @param body as Slack sent it.
 * @returns undefined for what is nothing to us: other bots, other channels, joins, pictures. `actor` has the user id and no more.
 */
export function readDelivery(body: unknown, listening: Listening): Inbound | undefined {
  const pressed = Pressed.safeParse(body);
  if (pressed.success) return readPressed(pressed.data, listening);
  const envelope = Envelope.safeParse(body);
  if (!envelope.success) return undefined;
  const { event, event_id, is_ext_shared_channel } = envelope.data;
  const read =
    readSaid(event, listening) ?? readChanged(event, listening) ?? readReaction(event, event_id, listening);
  if (read === undefined || is_ext_shared_channel !== true) return read;
  return { ...read, actor: { ...read.actor, refused: SHARED } };
}

function readSaid(event: unknown, listening: Listening): Inbound | undefined {
  const { data } = Said.safeParse(event);
  if (data === undefined || data.user === listening.botUserId) return undefined;
  const { user, channel, ts } = data;
  const isPrivate = data.channel_type === 'im';
  if (!isPrivate && !listening.channels.includes(channel)) return undefined;
  const { addressed, text } = withoutMention(data.text, listening.botUserId);
  return {
    kind: 'text',
    eventKey: messageKey(channel, ts),
    ...common(user, ts),
    channel: isPrivate ? undefined : channel,
    ref: { transport: 'slack', channel, id: ts },
    text: readSlackText(text),
    addressed,
    inReplyTo: data.thread_ts === ts ? undefined : data.thread_ts,
  };
}

function readChanged(event: unknown, listening: Listening): Inbound | undefined {
  const { data } = Changed.safeParse(event);
  if (data === undefined || !listening.channels.includes(data.channel)) return undefined;
  const { previous_message: before, message, subtype, channel } = data;
  const isSameText = subtype === 'message_changed' && message?.text === before.text;
  if (isSameText || before.user === listening.botUserId) return undefined;
  return {
    kind: subtype === 'message_changed' ? 'edited' : 'deleted',
    eventKey: `${messageKey(channel, before.ts)}:${subtype}:${data.ts}`,
    ...common(before.user, data.ts),
    channel,
    eventKeyBefore: messageKey(channel, before.ts),
  };
}

function readReaction(event: unknown, eventId: string, listening: Listening): Inbound | undefined {
  const { data } = Reaction.safeParse(event);
  if (data === undefined || data.user === listening.botUserId) return undefined;
  if (!listening.channels.includes(data.item.channel)) return undefined;
  const name = data.reaction.replace(/::skin-tone-\d$/, '');
  return {
    kind: 'reaction',
    eventKey: `slack:${eventId}`,
    ...common(data.user, data.event_ts),
    channel: data.item.channel,
    targetId: data.item.ts,
    emoji: EMOJI[name] ?? `:${name}:`,
    removed: data.type === 'reaction_removed',
  };
}

function readPressed(data: z.output<typeof Pressed>, listening: Listening): Inbound | undefined {
  const [action] = data.actions;
  if (action === undefined || !listening.channels.includes(data.channel.id)) return undefined;
  return {
    kind: 'action',
    eventKey: `slack:${data.trigger_id}`,
    ...common(data.user.id, action.action_ts),
    channel: data.channel.id,
    targetId: data.container.message_ts,
    action: action.action_id,
    value: action.value,
  };
}

function messageKey(channel: string, ts: string): string {
  return `slack:${channel}:${ts}`;
}

function common(user: string, ts: string): Pick<Inbound, 'at' | 'replay' | 'actor'> {
  const at = Math.round(Number(ts) * 1000);
  return { at, replay: false, actor: { transport: 'slack', account: user, display: user } };
}
