import { ok } from '../../core/result.ts';
import type { Store } from '../../ports/store.ts';
import { newChange } from './change.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';
import { doneOnly } from './link.ts';

/** Networks deliver an event again within minutes. */
const REMEMBERED_MS = 3_600_000;

/** The part of the store that takes in what networks deliver, and knows which message shows what. */
export function inboxMethods(
  link: Link,
  retentionMs: number,
): Pick<Store, 'takeIn' | 'handled' | 'unhandled' | 'operationOfEvent' | 'cardOf' | 'setCard'> {
  return {
    takeIn: async (eventKey, event) => {
      const taken = KEYS.takenIn(eventKey);
      const reply = await link.change(() => {
        const change = newChange(taken);
        change.guard('no-text', taken);
        change.effect('SET', taken, '1', 'PX', REMEMBERED_MS);
        change.effect('HSET', KEYS.inbox, eventKey, event);
        return ok(change);
      });
      return reply.ok ? ok(reply.value.kind === 'done') : reply;
    },
    handled: async (eventKey) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.inbox);
          change.effect('HDEL', KEYS.inbox, eventKey);
          return ok(change);
        }),
      ),
    unhandled: () =>
      link.read(async (client) =>
        ok(
          Object.entries(await client.hgetall(KEYS.inbox)).map(([eventKey, event]) => ({ eventKey, event })),
        ),
      ),
    operationOfEvent: (eventKey) =>
      link.read(async (client) => ok((await client.get(KEYS.event(eventKey))) ?? undefined)),
    cardOf: (id, place) =>
      link.read(async (client) => ok((await client.get(KEYS.card(id, place))) ?? undefined)),
    setCard: async (id, place, messageId) =>
      doneOnly(
        await link.change(() => {
          const card = KEYS.card(id, place);
          const change = newChange(card);
          change.effect('SET', card, messageId, 'PX', retentionMs);
          change.effect('SET', KEYS.view(messageId), id, 'PX', retentionMs);
          return ok(change);
        }),
      ),
  };
}
