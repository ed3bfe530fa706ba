import type { Person } from '../core/people.ts';
import { accountOn } from '../core/people.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import type { Operation } from '../core/operation.ts';
import type { Parts, Settings } from './parts.ts';

/** What goes into a signature of the person's roles: nothing where people.yaml alone gives roles, for every process reads that itself. */
export function rolesToSign(
  { groupRoles }: Settings,
  { roles }: Person,
): { readonly roles?: readonly string[] } {
  return Object.values(groupRoles).some((given) => given.length > 0) ? { roles } : {};
}

/**
 * The person with the roles that count before a write. A process that is not on a network cannot ask it who is in a group: then those of that network's groups count
 * that the person had, signed, when they asked or approved.
 */
export async function withRolesForWrite(
  parts: Parts,
  person: Person,
  { request, votes }: Pick<Operation, 'request' | 'votes'>,
): Promise<Result<Person>> {
  const now = await withRolesNow(parts, person, { by: undefined, fresh: false });
  if (!now.ok) return now;
  const unasked = Object.entries(parts.settings.groupRoles)
    .filter(([network]) => accountOn(person, network) !== undefined)
    .filter(([network]) => !parts.chats.some(({ transport }) => transport === network))
    .flatMap(([, roles]) => roles);
  if (unasked.length === 0) return now;
  const signed = [request, ...votes].flatMap((one) => (one.person === person.name ? (one.roles ?? []) : []));
  const kept = now.value.roles.filter((role) => !unasked.includes(role));
  return ok({ ...person, roles: [...kept, ...unasked.filter((role) => signed.includes(role))] });
}

/**
 * The person with the roles that they have now: where a group of a network gives a role, that group decides it, and people.yaml every other.
 *
 * @param by the network on which the person acts: it must answer, or they may do nothing. Another that is away blocks nobody; then people.yaml counts.
 * @param fresh as of now, for a decision; else as of half a minute ago, for what was decided.
 */
export async function withRolesNow(
  { chats }: Parts,
  person: Person,
  { by, fresh }: { readonly by: string | undefined; readonly fresh: boolean },
): Promise<Result<Person>> {
  let { roles } = person;
  for (const chat of chats) {
    const account = accountOn(person, chat.transport);
    if (chat.rolesOf === undefined || account === undefined) continue;
    const told = await chat.rolesOf(account, { fresh });
    if (!told.ok) {
      if (chat.transport === by) return told;
      continue;
    }
    const given = Object.entries(told.value);
    const kept = roles.filter((role) => !given.some(([name]) => name === role));
    roles = [...kept, ...given.filter(([, has]) => has).map(([name]) => name)];
  }
  return ok(roles === person.roles ? person : { ...person, roles });
}
