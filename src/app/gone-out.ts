/**
 * Resolves when what was asked for just now has gone out. A request to etcd leaves when the turn of the event loop ends: whatever is done in that turn it waits for, and
 * then somebody waits for its answer.
 */
export function goneOut(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
