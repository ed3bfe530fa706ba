import type { Receiver } from '@slack/bolt';
import bolt from '@slack/bolt';
import type { Logger } from '@slack/bolt';
import { z } from 'zod';

/** Takes what Slack delivers, in the order of delivery. Returns at once. */
export type Deliver = (body: unknown) => void;

const Changed = z.object({
  event: z.object({ type: z.literal('user_change'), user: z.object({ id: z.string() }) }),
});

/**
 * Wires a receiver to Bolt, which checks signatures, acknowledges and sorts. Every delivery goes on whole; a button is acknowledged before anything else,
 * for Slack shows the person an error after three seconds.
 *
 * @param self what Bolt must know of us; it must not ask by itself, for its failure would end the process.
 */
export function wireDeliveries(
  receiver: Receiver,
  {
    logger,
    self,
    deliver,
    forget,
  }: {
    readonly logger: Logger;
    readonly self: () => { readonly botToken: string; readonly botId: string; readonly botUserId: string };
    readonly deliver: Deliver;
    /** Somebody's account has changed. */
    readonly forget: (userId: string) => void;
  },
): void {
  const app = new bolt.App({ receiver, logger, authorize: () => Promise.resolve(self()) });
  const take = ({ body }: { readonly body: unknown }): Promise<void> => {
    deliver(body);
    return Promise.resolve();
  };
  app.event('message', take);
  app.event('reaction_added', take);
  app.event('reaction_removed', take);
  app.event('user_change', ({ body }) => {
    const changed = Changed.safeParse(body);
    if (changed.success) forget(changed.data.event.user.id);
    return Promise.resolve();
  });
  app.action(/^(?:approve|deny|cancel|undo)$/, async ({ ack, body }) => {
    await ack();
    deliver(body);
  });
  app.error((error) => {
    logger.warn(`not handled: ${error.message}`);
    return Promise.resolve();
  });
}
