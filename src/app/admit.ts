import type { Announcement } from '../core/announcement/announcement.ts';
import { wordAnnouncement } from '../core/announcement/word.ts';
import type { Fault } from '../core/fault.ts';
import type { Person } from '../core/people.ts';
import { suspensionFault } from '../core/suspension.ts';
import type { Inbound } from '../ports/chat.ts';
import { audit } from './journal.ts';
import type { Parts } from './parts.ts';
import type { PeopleSeen } from './people-seen.ts';
import { withRolesNow } from './roles-now.ts';
import { answer } from './speak.ts';
import type { Utterance } from './utterance.ts';

/** A stranger is told once in this time that they are one. */
const STRANGER_EVERY_MS = 600_000;

/** What the gate needs. */
interface Gate {
  readonly parts: Parts;
  readonly seen: PeopleSeen;
}

/** Who may look and do nothing else. */
export function lookerOf({ actor, eventKey, at }: Inbound, channel: string): Utterance {
  const { display: nick, transport } = actor;
  return { person: { name: nick, roles: [] }, nick, account: nick, transport, channel, eventKey, at };
}

/**
 * Only a person of people.yaml with a role is listened to; everybody else is told why, once in a while.
 *
 * @param how.isLater whether they are suspended is found out later.
 * @returns undefined when they were turned away.
 */
export async function admit(
  { parts, seen }: Gate,
  event: Inbound,
  channel: string,
  person: Person | undefined,
  { command, isLater = false }: { readonly command?: string | undefined; readonly isLater?: boolean } = {},
): Promise<Utterance | undefined> {
  const { actor, eventKey, at } = event;
  const [nick, account] = [actor.display, actor.account];
  const place = { transport: actor.transport, channel, eventKey };
  if (person !== undefined && account !== undefined) {
    const now = await withRolesNow(parts, person, { by: actor.transport, fresh: true });
    const utterance: Utterance = { person: now.ok ? now.value : person, nick, account, ...place, at };
    if (!now.ok) {
      await refuse(parts, utterance, now.fault);
      return undefined;
    }
    const isKnownLater = now.value.roles.length > 0 && isLater;
    const suspension = isKnownLater ? undefined : await suspensionOf(parts, person.name);
    if (suspension !== undefined) {
      await refuse(parts, utterance, suspension);
      return undefined;
    }
    if (now.value.roles.length > 0 || command === 'whoami') return utterance;
    await refuse(parts, utterance, { kind: 'role-missing', person: person.name, need: ['any'] });
    return undefined;
  }
  if (!seen.mayAnswerStranger(`${actor.transport}:${nick}`, STRANGER_EVERY_MS)) return undefined;
  const { refused } = actor;
  const fault: Fault =
    refused === undefined
      ? { kind: 'person-unknown', account, nick, transport: actor.transport }
      : { kind: 'account-refused', nick, why: refused };
  await audit(parts, undefined, { event: 'stranger', data: { nick, account } });
  const announcement: Announcement =
    command === 'whoami'
      ? { kind: 'whoami', nick, person: undefined, account, roles: [] }
      : { kind: 'refused', nick, fault, hint: undefined };
  await answer(parts, place, [announcement]);
  return undefined;
}

/** While the journal is away nobody is known to be suspended; nothing can be written then either. */
async function suspensionOf({ store }: Parts, name: string): Promise<Fault | undefined> {
  const found = await store.suspensions();
  return suspensionFault(found.ok ? found.value : [], name);
}

/** A private message is seen by nobody else, so nothing is decided there. */
export async function pointToChannel({ parts, seen }: Gate, { actor }: Inbound): Promise<void> {
  const chat = parts.chats.find(({ transport }) => transport === actor.transport);
  const channel = chat?.channels[0];
  if (chat === undefined || channel === undefined) return;
  if (
    actor.account === undefined &&
    !seen.mayAnswerStranger(`${actor.transport}:${actor.display}`, STRANGER_EVERY_MS)
  )
    return;
  await chat.tell(
    actor,
    wordAnnouncement({ kind: 'use-channel', channel }, chat.capabilities(channel).roomBytes),
  );
}

/** Says no, in words, and puts it into the audit log. */
export async function refuse(parts: Parts, utterance: Utterance, fault: Fault): Promise<void> {
  await audit(parts, undefined, { event: 'refused', person: utterance.person.name, data: { fault } });
  await answer(parts, utterance, [{ kind: 'refused', nick: utterance.nick, fault, hint: undefined }]);
}
