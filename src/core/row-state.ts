/** Where something to be said stands. `pending` and `sent` rows are sent, again if need be; the others never again. */
export type RowState = 'pending' | 'sent' | 'echoed' | 'acked' | 'refused' | 'unconfirmed';

/**
 * From where a row may come to a state. A mark that would lead back (the echo is stored after the acknowledgement came) changes nothing;
 * an acknowledgement may still come for what was given up.
 */
export const ROW_PREDECESSORS: Readonly<Record<RowState, readonly RowState[]>> = {
  pending: ['pending'],
  sent: ['pending', 'sent'],
  echoed: ['pending', 'sent', 'echoed'],
  unconfirmed: ['pending', 'sent', 'echoed', 'unconfirmed'],
  acked: ['pending', 'sent', 'echoed', 'unconfirmed', 'acked'],
  refused: ['pending', 'sent', 'echoed', 'unconfirmed', 'refused'],
};
