import type { Person } from '../core/people.ts';
import { accountOn } from '../core/people.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import type { Parts } from './parts.ts';

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
