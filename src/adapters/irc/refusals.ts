/** Refusals that the library has a word for. */
const NAMED = ['cannot_send_to_channel', 'not_on_channel', 'no_such_nick', 'cannot_send_to_user'];
/** Those that it has none for: no such channel, held by services, sent on to another, no colours, only for the registered, … */
const NUMERIC = ['403', '408', '437', '470', '476', '477', '486', '489', '492', '520', '716'];
const REFUSALS: ReadonlySet<string> = new Set([...NAMED, ...NUMERIC]);

/** Whether the server would not have a line or let us join. @param error the library's word or, where it has none, the numeric. */
export function isRefusal(error: string): boolean {
  return REFUSALS.has(error);
}
