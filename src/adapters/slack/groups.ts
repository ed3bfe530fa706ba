import { z } from 'zod';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { SlackApi } from './api.ts';
import { refusalText } from './api.ts';
import type { SlackOptions } from './options.ts';

const Members = z.object({ users: z.array(z.string()) });

/** For what was decided already; a decision itself asks anew. */
const KEEP_MS = 30_000;

interface Known {
  readonly members: readonly string[];
  readonly at: number;
}

/** User groups that give roles. */
export class Groups {
  private readonly api: SlackApi;
  private readonly groups: SlackOptions['groups'];
  private readonly now: () => number;
  private readonly known = new Map<string, Known>();

  constructor(api: SlackApi, { groups, now }: Pick<SlackOptions, 'groups' | 'now'>) {
    this.api = api;
    this.groups = groups;
    this.now = now;
  }

  /** Which of the roles the account has; a Fault when a group cannot be read and is not known from before. */
  async rolesOf(
    account: string,
    { fresh }: { readonly fresh: boolean },
  ): Promise<Result<Readonly<Record<string, boolean>>>> {
    const roles: Record<string, boolean> = {};
    for (const [role, id] of Object.entries(this.groups)) {
      const members = await this.membersOf(role, id, fresh);
      if (!members.ok) return members;
      roles[role] = members.value.includes(account);
    }
    return ok(roles);
  }

  private async membersOf(
    role: string,
    usergroup: string,
    fresh: boolean,
  ): Promise<Result<readonly string[]>> {
    const kept = this.known.get(usergroup);
    if (!fresh && kept !== undefined && this.now() - kept.at < KEEP_MS) return ok(kept.members);
    const answer = await this.api.call('usergroups.users.list', { usergroup }, Members);
    if (answer.ok) {
      this.known.set(usergroup, { members: answer.value.users, at: this.now() });
      return ok(answer.value.users);
    }
    if (!fresh && kept !== undefined) return ok(kept.members);
    const { fault } = answer;
    const cause = fault.kind === 'refused' ? refusalText(fault.error, fault.needed) : 'no answer';
    return fail({ kind: 'group-unread', role, cause });
  }
}
