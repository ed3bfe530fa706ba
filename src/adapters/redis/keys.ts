/** Everything of Sluice in Redis: one hash tag, so that one script may touch any of it, in a cluster too. */
const PREFIX = '{sluice}';

/** Names of the keys. Changing one is a change of schema. */
export const KEYS = {
  /** Hash: an operation. */
  operation: (id: string) => `${PREFIX}:op:${id}`,
  /** Sorted set: ids that are not final, by the time of their creation. */
  open: `${PREFIX}:open`,
  /** Set: the open ids' look-alikes, see `wildcards`. */
  alike: `${PREFIX}:alike`,
  /** Sorted set: ids of the retention, by the time of their creation. */
  recent: `${PREFIX}:recent`,
  /** List: approved operations of one service, in the order in which they were approved. */
  line: (service: string) => `${PREFIX}:line:${service}`,
  /** String: the operation that a chat message made. */
  event: (eventKey: string) => `${PREFIX}:event:${eventKey}`,
  /** String: the operation that a message of ours shows. */
  view: (viewId: string) => `${PREFIX}:view:${viewId}`,
  /** Hash of one pool: host -> `WEIGHT AT`, its newest removal. */
  removals: (pool: { readonly dc: string; readonly cluster: string; readonly service: string }) =>
    `${PREFIX}:removals:${pool.dc}/${pool.cluster}/${pool.service}`,
  /** String: the message that shows an operation as a card in a channel. */
  card: (id: string, place: { readonly transport: string; readonly channel: string }) =>
    `${PREFIX}:card:${id}:${place.transport}:${place.channel}`,
  /** Hash: key of an event -> the event, taken in and not handled. */
  inbox: `${PREFIX}:inbox`,
  /** String: an event of that key was taken in. */
  takenIn: (eventKey: string) => `${PREFIX}:taken:${eventKey}`,
  /** Hash: service -> JSON of its lock. */
  locks: `${PREFIX}:locks`,
  /** Hash: person -> JSON of their suspension. */
  suspensions: `${PREFIX}:suspensions`,
  /** Sorted set: `OPERATION PATH` of objects written, by the time of the write. */
  writes: `${PREFIX}:writes`,
  /** Sorted set: ids of operations that broke the glass and that nobody has reviewed, by their time. */
  unreviewed: `${PREFIX}:unreviewed`,
  /** Sorted set: ids of operations, by when to remind of them. */
  reminders: `${PREFIX}:reminders`,
  /** Sorted set: JSON of writes seen in conftool, by when. */
  changes: `${PREFIX}:changes`,
  /** Hash: who speaks, until when, for the how many-th time it changed hands. */
  voice: `${PREFIX}:voice`,
  /** Hash: who would speak -> until when that is known. */
  voices: `${PREFIX}:voices`,
  /** Channel: there is something to be said; with the id of the process that stored it. */
  said: `${PREFIX}:said`,
  /** String: since when the log's channel cannot be reached. */
  logDown: `${PREFIX}:log-down`,
  /** String: JSON of the freeze. */
  freeze: `${PREFIX}:freeze`,
  /** String: counts how often a brake was put on or taken off. */
  brakes: `${PREFIX}:brakes`,
  /** String: counts every change of the journal but what becomes of rows, and who speaks. */
  revision: `${PREFIX}:revision`,
  /** Hash: something to be said. */
  row: (key: string) => `${PREFIX}:row:${key}`,
  /** List: keys of the rows that are pending or sent, oldest first. */
  unsent: `${PREFIX}:unsent`,
  /** List: keys of the log lines, newest first. */
  salRows: `${PREFIX}:sal`,
} as const;

/**
 * An id with each of its characters in turn left out: two ids of one length differ in fewer than two characters exactly when they
 * share one of these. So "too like an open one" is a look into a set.
 */
export function wildcards(id: string): readonly string[] {
  return Array.from(id, (_, index) => `${id.slice(0, index)}?${id.slice(index + 1)}`);
}
