import type { Inbound } from '../ports/chat.ts';

/** A reaction to what is not known to be a request by then is to something else. */
const KEEP_MS = 10_000;
const MOST = 100;

/** Reactions that came before the network had told us the id of our own message: people are fast. */
export class EarlyReactions {
  private parked: readonly { readonly event: Inbound; readonly targetId: string; readonly at: number }[] = [];

  park(event: Inbound & { readonly kind: 'reaction' }, now: number): void {
    const young = this.parked.filter(({ at }) => now - at < KEEP_MS);
    this.parked = [...young, { event, targetId: event.targetId, at: now }].slice(-MOST);
  }

  /** The messages that somebody has reacted to, as far as it is not too late. */
  targets(now: number): ReadonlySet<string> {
    return new Set(this.parked.filter(({ at }) => now - at < KEEP_MS).map(({ targetId }) => targetId));
  }

  /** Those to this message, in their order; each once. */
  take(targetId: string, now: number): readonly Inbound[] {
    const found = this.parked.filter((one) => one.targetId === targetId && now - one.at < KEEP_MS);
    this.parked = this.parked.filter((one) => one.targetId !== targetId);
    return found.map(({ event }) => event);
  }
}
