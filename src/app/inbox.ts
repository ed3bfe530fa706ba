import type { Inbound } from '../ports/chat.ts';
import type { Parts } from './parts.ts';

/** What was not handled after so long was in the hands of a process that is gone. */
const FORGOTTEN_MS = 10_000;

/**
 * Between a network that was told that we have an event, and what is done with it: the event is stored first, so that a crash does not lose it, and one
 * that is delivered again is heard once.
 */
export class Inbox {
  private readonly parts: Parts;
  private readonly busy = new Set<string>();
  /** By person: what they said last is heard after what they said before. Nobody waits for anybody else: a brake must not. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Stores the event at once, and then hears it, after those of the same person that came before it. While the journal is away it is heard all the same: brakes must work, and nothing can be queued. */
  async take(event: Inbound, hear: (event: Inbound) => Promise<void>): Promise<void> {
    const { eventKey } = event;
    this.busy.add(eventKey);
    try {
      const taken = await this.parts.store.takeIn(eventKey, JSON.stringify(event));
      if (taken.ok && !taken.value) return;
      await this.parts.faultPoint('after-take-in');
      await this.inTurn(event, () => hear(event));
      if (taken.ok) await this.parts.store.handled(eventKey);
    } finally {
      this.busy.delete(eventKey);
    }
  }

  private async inTurn({ actor }: Inbound, act: () => Promise<void>): Promise<void> {
    const place = `${actor.transport} ${actor.account ?? actor.display}`;
    const turn = (this.turns.get(place) ?? Promise.resolve()).then(act);
    const settled = turn.catch(() => undefined);
    this.turns.set(place, settled);
    try {
      await turn;
    } finally {
      if (this.turns.get(place) === settled) this.turns.delete(place);
    }
  }

  /** Hears what a process that is gone had taken in. What is too old by now is recorded and not run, as ever. */
  async hearForgotten(hear: (event: Inbound) => Promise<void>): Promise<void> {
    const { store, clock } = this.parts;
    const found = await store.unhandled();
    for (const { eventKey, event } of found.ok ? found.value : []) {
      // Written by `take`, of this version or one before it.
      const inbound = JSON.parse(event) as Inbound;
      if (this.busy.has(eventKey) || clock.now() - inbound.at < FORGOTTEN_MS) continue;
      await hear(inbound);
      await store.handled(eventKey);
    }
  }
}
