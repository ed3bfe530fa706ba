import type { Invocation } from '../core/invocation.ts';
import { parseLine } from '../core/invocation.ts';
import type { Person } from '../core/people.ts';
import { personOfAccount } from '../core/people.ts';
import { within } from '../observe/context.ts';
import type { Inbound } from '../ports/chat.ts';
import { admit, lookerOf, pointToChannel, refuse } from './admit.ts';
import { cancelOperation } from './cancel-operation.ts';
import type { About } from './decide.ts';
import { decide, lookUp } from './decide.ts';
import type { Ear } from './ear.ts';
import { hearQuestion } from './hear-question.ts';
import type { Parts } from './parts.ts';
import type { Utterance } from './utterance.ts';

/** ✅ approves and ❌ denies; any other reaction is how people talk. */
const REACTIONS: Readonly<Record<string, 'approve' | 'deny'>> = { '✅': 'approve', '❌': 'deny' };

/**
 * Takes in one event of a network, in the order of the gate: replay, age, our word, channel, person; then does what was said.
 * What is replayed or old never runs.
 */
export async function hear(ear: Ear, event: Inbound): Promise<void> {
  const { parts, outbox, seen } = ear;
  outbox.hear(event);
  ear.log.note(event);
  if (event.replay || parts.clock.now() - event.at > parts.settings.bounds.oldestCommandMs) {
    parts.log.info({ event: event.eventKey }, 'replayed or old: not run');
    return;
  }
  // The log bot answers us by name; it is not somebody who wants something.
  if (event.actor.account !== undefined && event.actor.account === parts.settings.sal.acknowledgedBy) return;
  const person = personOf(parts, event);
  if (person !== undefined && event.channel !== undefined) seen.note(person);
  switch (event.kind) {
    case 'text':
      return hearText(ear, event, person);
    case 'reaction':
      return hearReaction(ear, event, person);
    case 'action':
      return hearAction(ear, event, person);
    case 'edited':
    case 'deleted':
      return hearRewritten(ear, event, person);
  }
}

/** Does what follows from an event; every log line says from which. */
function withinHearing(ear: Ear, { eventKey }: Inbound, act: (ear: Ear) => Promise<void>): Promise<void> {
  return within(ear.parts, 'hear', { event: eventKey }, (parts) => act({ ...ear, parts }));
}

/** Whom the network refuses to vouch for is nobody, whatever the account says. */
function personOf(parts: Parts, { actor }: Inbound): Person | undefined {
  const { account, refused, transport } = actor;
  if (account === undefined || refused !== undefined) return undefined;
  return personOfAccount(parts.settings.people(), transport, account);
}

async function hearReaction(
  ear: Ear,
  event: Inbound & { readonly kind: 'reaction' },
  person: Person | undefined,
): Promise<void> {
  const { parts } = ear;
  const said = REACTIONS[event.emoji.replace(/\uFE0F/g, '')];
  // Taken back, an approval is withdrawn; a denial has ended it.
  const kind = event.removed ? (said === 'approve' ? 'unapprove' : undefined) : said;
  if (kind === undefined || event.channel === undefined) return;
  const found = await parts.store.operationShownBy(event.targetId);
  if (!found.ok) return;
  if (found.value === undefined) {
    ear.early.park(event, parts.clock.now());
    return;
  }
  const id = found.value;
  // After the start a reaction that is taken back is nothing to talk about.
  const operation = event.removed ? await parts.store.operation(id) : undefined;
  if (operation?.ok === true && operation.value?.state !== 'awaiting-approval') return;
  const { channel } = event;
  await withinHearing(ear, event, async (one) => {
    const utterance = await admit(one, event, channel, person);
    if (utterance !== undefined)
      await decide(one.parts, one.outbox, { kind, id }, { utterance, ahead: one.ahead });
  });
}

/** A button of ours: the same as the line that says it. */
async function hearAction(
  ear: Ear,
  event: Inbound & { readonly kind: 'action' },
  person: Person | undefined,
): Promise<void> {
  const { action, value: id, channel } = event;
  if (channel === undefined) return;
  await withinHearing(ear, event, async (one) => {
    const { parts, outbox, ahead } = one;
    const utterance = await admit(one, event, channel, person, { command: action });
    if (utterance === undefined) return;
    if (action !== 'undo') return decide(parts, outbox, { kind: action, id }, { utterance, ahead });
    const parsed = parseLine(`!undo ${id}`, parts.settings.commands, { addressed: false });
    if (parsed.kind === 'invocation') await invoke(one, parsed, utterance);
  });
}

/** Whoever changes or removes the line that asked does not want it as it was: what still waits is cancelled, and nothing new is run. */
async function hearRewritten(
  { parts, outbox }: Ear,
  event: Inbound & { readonly kind: 'edited' | 'deleted' },
  person: Person | undefined,
): Promise<void> {
  const found = await parts.store.operationOfEvent(event.eventKeyBefore);
  if (!found.ok || found.value === undefined) return;
  const operation = await parts.store.operation(found.value);
  if (!operation.ok || operation.value?.state !== 'awaiting-approval') return;
  await cancelOperation(parts, outbox, operation.value, person?.name ?? operation.value.request.person, {
    by: event.actor.transport,
    why: event.kind,
  });
}

async function hearText(
  ear: Ear,
  event: Inbound & { readonly kind: 'text' },
  person: Person | undefined,
): Promise<void> {
  const { parts } = ear;
  const isPrivate = event.channel === undefined;
  const parsed = parseLine(event.text, parts.settings.commands, { addressed: event.addressed || isPrivate });
  if (parsed.kind === 'nothing') return;
  if (event.channel === undefined) return pointToChannel(ear, event);
  const { channel } = event;
  await withinHearing(ear, event, (one) => hearParsed(one, { ...event, channel }, person, parsed));
}

async function hearParsed(
  ear: Ear,
  event: Inbound & { readonly channel: string },
  person: Person | undefined,
  parsed: Exclude<ReturnType<typeof parseLine>, { readonly kind: 'nothing' }>,
): Promise<void> {
  const command = parsed.kind === 'invocation' ? parsed.command.name : undefined;
  // Who asks for a change, or approves one, is looked up with everything else that it is judged by.
  const isLater =
    parsed.kind === 'invocation' && (parsed.command.kind === 'plan' || parsed.command.name === 'approve');
  const looks = parsed.kind === 'invocation' && parsed.command.kind === 'answer';
  // What it is about is looked up while it is found out who says it.
  const about = parsed.kind === 'invocation' ? operationAbout(ear, parsed, person) : undefined;
  if (about?.reading !== undefined) await ear.ahead.whenGoneOut;
  const utterance =
    event.actor.readsOnly === true && looks
      ? lookerOf(event, event.channel)
      : await admit(ear, event, event.channel, person, { command, isLater });
  if (utterance === undefined) return;
  if (parsed.kind === 'invocation') await invoke(ear, parsed, utterance, about);
  else await refuse(ear.parts, utterance, parsed.fault);
}

/** The operation that is ruled on. For a stranger nothing is read ahead. */
function operationAbout(
  { parts, ahead }: Ear,
  { command, given, reason }: Invocation,
  person: Person | undefined,
): About | undefined {
  if (command.kind !== 'decide') return undefined;
  const decision = command.decide(given, reason);
  return 'id' in decision ? lookUp(parts, decision, person && ahead) : undefined;
}

async function invoke(ear: Ear, invocation: Invocation, utterance: Utterance, about?: About): Promise<void> {
  const { parts, outbox } = ear;
  const { command, given } = invocation;
  if (command.kind === 'decide')
    return decide(parts, outbox, command.decide(given, invocation.reason), {
      utterance,
      ahead: ear.ahead,
      about,
    });
  return ear.questions.run(() => hearQuestion(ear, { ...invocation, command }, utterance));
}
