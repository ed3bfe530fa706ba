import type { Inbound } from '../../ports/chat.ts';

/** A message or reaction as the library hands it over, with what the connection knows about it. */
export interface RawMessage {
  readonly nick: string;
  readonly target: string;
  readonly text: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** The server's time, where it gives one. */
  readonly time: number | undefined;
  readonly batchType: string | undefined;
  readonly account: string | undefined;
}

/** What the connection knows when a message comes. */
export interface Reception {
  readonly ownNick: string;
  /** The configured channels, as configured. */
  readonly channels: readonly string[];
  readonly same: (a: string, b: string) => boolean;
  readonly now: number;
  /** The server's time of our own join: what was said before is history, whatever it looks like. */
  readonly liveSince: number;
  /** Without server times nothing runs until this long after the join. */
  readonly hasServerTime: boolean;
  readonly joinedAt: number;
  /** `irc:HOST:EPOCH:COUNTER`, for messages without an id. */
  readonly fallbackKey: string;
  readonly network: string;
}

/** Batches that carry history. */
const REPLAY_BATCHES = new Set(['chathistory', 'znc.in/playback']);
/** Without server times, what comes this soon after the join may be history. */
const QUIET_AFTER_JOIN_MS = 5000;
const OLDEST_LIVE_MS = 60_000;

/** Bold, italics, underline, strike, monospace, reverse, reset, colours with their numbers. */
const FORMATTING =
  /[\x02\x1d\x1f\x1e\x11\x16\x0f]|\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?/g;

/**
 * Turns what the server sent into what Sluice hears.
 *
 * @returns undefined for what is not for us: another channel, our own words, a reaction to nothing, half of a client-to-client request.
 */
export function toInbound(raw: RawMessage, reception: Reception): Inbound | undefined {
  const { same, ownNick } = reception;
  if (same(raw.nick, ownNick)) return undefined;
  const channel = reception.channels.find((one) => same(one, raw.target));
  if (channel === undefined && !same(raw.target, ownNick)) return undefined;
  const { msgid } = raw.tags;
  const common = {
    eventKey:
      msgid === undefined || msgid === '' ? reception.fallbackKey : `irc:${reception.network}:${msgid}`,
    at: raw.time ?? reception.now,
    replay: isReplay(raw, reception),
    channel,
    actor: { transport: 'irc', account: raw.account, display: raw.nick },
  };
  const repliesTo = raw.tags['+draft/reply'] ?? raw.tags['+reply'];
  if (raw.text === undefined) {
    const emoji = raw.tags['+draft/react'] ?? raw.tags['+react'];
    if (emoji === undefined || repliesTo === undefined) return undefined;
    return { ...common, kind: 'reaction', targetId: repliesTo, emoji, removed: false };
  }
  if (raw.text.startsWith('\x01')) return undefined;
  const { text, addressed } = takeAddress(raw.text.replace(FORMATTING, ''), ownNick, same);
  const ref = msgid === undefined ? undefined : { transport: 'irc', channel: channel ?? raw.nick, id: msgid };
  return { ...common, kind: 'text', ref, text, addressed, inReplyTo: repliesTo };
}

/** Old lines look like live ones but for a batch, an old time, or a time before we were there. */
function isReplay(raw: RawMessage, { now, liveSince, hasServerTime, joinedAt }: Reception): boolean {
  if (raw.batchType !== undefined && REPLAY_BATCHES.has(raw.batchType)) return true;
  if (!hasServerTime || raw.time === undefined) return now - joinedAt < QUIET_AFTER_JOIN_MS;
  return raw.time < liveSince || now - raw.time > OLDEST_LIVE_MS;
}

/** `sluice: status` and `sluice, status` are said to us. */
function takeAddress(
  text: string,
  ownNick: string,
  same: (a: string, b: string) => boolean,
): { text: string; addressed: boolean } {
  const match = /^\s*([^\s:,]+)[:,]\s*(.*)$/su.exec(text);
  if (match === null || !same(match[1] ?? '', ownNick)) return { text, addressed: false };
  return { text: match[2] ?? '', addressed: true };
}

/**
 * Whether the server lets reactions through: a reaction needs its emoji and the message that it means, each under its old or its new name. A server that
 * names one of the two names drops what some people's clients send: then nobody is told that a reaction would do.
 *
 * @param clientTagDeny ISUPPORT CLIENTTAGDENY as the library has it: the client tags that the server drops, where `*` is all and `-x` excepts one; undefined
 *   when the server does not say, `true` when it says it without a list, which denies nothing.
 */
export function allowsReactions(clientTagDeny: readonly string[] | true | undefined): boolean {
  const denied = clientTagDeny === undefined || clientTagDeny === true ? [] : clientTagDeny;
  const passes = (...names: readonly string[]): boolean =>
    !names.some((name) => denied.includes(name)) &&
    (!denied.includes('*') || names.some((name) => denied.includes(`-${name}`)));
  return passes('draft/react', 'react') && passes('draft/reply', 'reply');
}
