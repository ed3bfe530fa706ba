import type { DoctorLine } from '../../core/doctor-line.ts';
import { linesOf } from '../../core/doctor-line.ts';
import { allowsReactions } from './inbound.ts';

const irc = linesOf('irc');

/**
 * What a network's capabilities mean for who is believed and how people approve.
 *
 * @param clientTagDeny ISUPPORT CLIENTTAGDENY; undefined when the network does not say.
 */
export function capabilityLines(
  capabilities: ReadonlySet<string>,
  clientTagDeny: readonly string[] | undefined,
): readonly DoctorLine[] {
  const has = (...names: readonly string[]): boolean => names.every((name) => capabilities.has(name));
  const reactions = has('message-tags', 'echo-message') && allowsReactions(clientTagDeny);
  return [
    has('account-tag')
      ? irc.ok('people are known by the account on each message')
      : has('account-notify', 'extended-join')
        ? irc.warn('no account-tag: people are known by what the network tells when they join and log in')
        : irc.fail('the network tells nobody’s account (account-tag): nobody could be known'),
    reactions ? irc.ok('reactions approve') : irc.ok('no reactions here: people say !approve ID'),
  ];
}
