import type { Announcement } from '../src/core/announcement/announcement.ts';
import { spanUpTo } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { groupDepooled } from '../src/core/depooled-groups.ts';
import { ok } from '../src/core/result.ts';

const MOST_LINES = 8;
const OLDEST_MS = 3650 * 86_400_000;

/** What is out and why, the longest first: what nobody remembers is what this is for. */
export default defineCommand({
  kind: 'answer',
  name: 'depooled',
  summary: 'lists what is depooled, since when, by whom and why',
  usage: '!depooled [older=1d]',
  example: '!depooled older=1d',
  args: {},
  options: { older: spanUpTo(OLDEST_MS) },
  rest: 'none',
  reads: () => ({ kind: 'everything' }),
  answer: ({ older }, facts) => {
    const out = facts.pools
      .flatMap((pool) => pool.nodes)
      .filter(({ state }) => state.pooled === 'no')
      .map((node) => ({ node, origin: facts.originOf(node) }))
      // Since when is not known: longer than Sluice looks, which is old enough for everybody.
      .filter(({ origin }) => older === undefined || facts.now - (origin.at ?? 0) >= older);
    const groups = groupDepooled(out);
    if (groups.length === 0) return ok([{ kind: 'nothing-depooled', olderMs: older }]);
    const shown = groups.slice(0, groups.length > MOST_LINES ? MOST_LINES - 1 : MOST_LINES);
    const lines: Announcement[] = shown.map((group) => ({ kind: 'depooled-line', group }));
    const more = groups.length - shown.length;
    return ok(more === 0 ? lines : [...lines, { kind: 'more-lines', count: more, command: '!why HOST' }]);
  },
});
