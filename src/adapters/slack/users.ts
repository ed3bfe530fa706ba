import { z } from 'zod';
import type { Actor } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';

const Found = z.object({
  user: z.object({
    id: z.string(),
    name: z.string().optional(),
    team_id: z.string().optional(),
    deleted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    profile: z.object({ display_name: z.string().optional() }).optional(),
  }),
});

interface Known {
  readonly display: string;
  readonly refused: string | undefined;
  readonly until: number;
}

/** What Slack says of its users. What it does not say is no reason to trust anybody. */
export class Users {
  private readonly api: SlackApi;
  private readonly keepMs: number;
  private readonly now: () => number;
  private readonly known = new Map<string, Known>();

  constructor(api: SlackApi, { keepMs, now }: { readonly keepMs: number; readonly now: () => number }) {
    this.api = api;
    this.keepMs = keepMs;
    this.now = now;
  }

  /** Who it is, and why they may do nothing where they may not. @param teamId of our own workspace. */
  async identify(actor: Actor, teamId: string): Promise<Actor> {
    const { account } = actor;
    if (account === undefined) return actor;
    const known = await this.find(account, teamId);
    return { ...actor, display: known.display, refused: actor.refused ?? known.refused };
  }

  /** Slack says that somebody has changed. */
  forget(userId: string): void {
    this.known.delete(userId);
  }

  private async find(userId: string, teamId: string): Promise<Omit<Known, 'until'>> {
    const kept = this.known.get(userId);
    if (kept !== undefined && kept.until > this.now()) return kept;
    const answer = await this.api.call('users.info', { user: userId }, Found);
    if (!answer.ok) return { display: userId, refused: 'Slack does not say who it is' };
    const { user } = answer.value;
    const known = {
      display: firstWord(user.profile?.display_name) ?? firstWord(user.name) ?? userId,
      refused: whyRefused(user, teamId),
      until: this.now() + this.keepMs,
    };
    this.known.set(userId, known);
    return known;
  }
}

function whyRefused(user: z.output<typeof Found>['user'], teamId: string): string | undefined {
  if (user.deleted === true) return 'a deactivated account';
  if (user.is_bot === true) return 'a bot';
  if (user.is_stranger === true) return 'a stranger of another organisation';
  if (user.is_restricted === true || user.is_ultra_restricted === true) return 'a guest';
  if (user.team_id !== teamId) return 'of another team';
  return undefined;
}

/** A display name may be any text; as a nick it is one short word. */
function firstWord(name: string | undefined): string | undefined {
  const word = name?.trim().split(/\s/)[0]?.slice(0, 40);
  return word === undefined || word === '' ? undefined : word;
}
