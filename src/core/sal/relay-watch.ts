/** Lines that were handed to a relay, oldest first, which has not said them yet. */
export interface RelayWatch {
  readonly lines: readonly { readonly key: string; readonly text: string; readonly at: number }[];
}

/** Nothing was handed over. */
export const emptyRelayWatch: RelayWatch = { lines: [] };

/** How long it may take to say a line, in milliseconds. */
const SAID_WITHIN_MS = 60_000;

/** A line of ours is on its way, under the key of its row. */
export function relaySent(
  watch: RelayWatch,
  line: { readonly key: string; readonly text: string; readonly at: number },
): RelayWatch {
  return { lines: [...watch.lines, line] };
}

/** The relay has said something in the channel. @returns the key of ours, if it was that. */
export function relaySaid(
  watch: RelayWatch,
  text: string,
): { readonly watch: RelayWatch; readonly key: string | undefined } {
  const found = watch.lines.find((line) => line.text === text);
  return { watch: { lines: watch.lines.filter((line) => line !== found) }, key: found?.key };
}

/** Lets go of those that it should have said by now. @returns their keys: perhaps in the log, never to be sent again by itself. */
export function expireRelayed(
  watch: RelayWatch,
  now: number,
): { readonly watch: RelayWatch; readonly unconfirmed: readonly string[] } {
  const old = watch.lines.filter(({ at }) => now - at > SAID_WITHIN_MS);
  return {
    watch: { lines: watch.lines.filter((line) => !old.includes(line)) },
    unconfirmed: old.map(({ key }) => key),
  };
}
