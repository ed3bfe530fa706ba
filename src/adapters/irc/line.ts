import { shortenToBytes } from '../../core/byte-text.ts';

/** Until the server has told what others see before our text. */
export const ROOM_UNTIL_KNOWN = 320;

/** Line breaks would begin another command, NUL ends a line for some servers, 01 makes a request of it, colours eat the digits after them. */
const CONTROLS = /\p{Cc}+/gu;
const NICK = /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,62}$/;
const CHANNEL = /^[#&][^\s,:\p{Cc}]{1,63}$/u;

/** Room for text in one line to a target: 512 bytes, less CRLF and what the server puts before it. @param mask `nick!user@host` */
export function roomFor(mask: string | undefined, target: string): number {
  if (mask === undefined) return ROOM_UNTIL_KNOWN;
  return 512 - 2 - Buffer.byteLength(`:${mask} PRIVMSG ${target} :`);
}

/** Text that can only be one line: control characters become blanks. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ');
}

/** One line that arrives whole: what is over the room is cut between graphemes. */
export function oneLine(text: string, room: number): string {
  return shortenToBytes(withoutControls(text), room);
}

/** Whether a text can be a person to write to. */
export function isNick(target: string): boolean {
  return NICK.test(target);
}

/** Whether a text can be the target of a message: a channel or a nick, and nothing that could end the command. */
export function isTarget(target: string): boolean {
  return CHANNEL.test(target) || isNick(target);
}

/** The next nick to try when one is taken: longer by `_`, and another last letter once it is long. */
export function otherNick(nick: string): string {
  if (nick.length < 16) return `${nick}_`;
  return nick.endsWith('_')
    ? `${nick.slice(0, -3)}${String(100 + Math.floor(Math.random() * 900))}`
    : `${nick.slice(0, -1)}_`;
}
