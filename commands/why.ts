import { OneHost } from '../src/core/arguments.ts';
import type { Announcement } from '../src/core/announcement/announcement.ts';
import { defineCommand } from '../src/core/command.ts';
import { effectiveText } from '../src/core/effective-text.ts';
import { nearest } from '../src/core/nearest.ts';
import { poolPath } from '../src/core/node.ts';
import { rpsOf } from '../src/core/observed.ts';
import { fail, ok } from '../src/core/result.ts';

const MOST_LINES = 8;

/** Why a host is as it is, service by service. */
export default defineCommand({
  kind: 'answer',
  name: 'why',
  summary:
    'says of one host, service by service, since when it is so, by whom and why, and whether it serves',
  usage: '!why HOST',
  example: '!why maps1005',
  args: { host: OneHost },
  options: {},
  rest: 'none',
  reads: ({ host }) => ({ kind: 'host', host }),
  answer: ({ host }, facts) => {
    const nodes = facts.pools
      .flatMap((pool) => pool.nodes)
      .filter(({ key }) => key.host === host || key.host.split('.')[0] === host);
    const hosts = [...new Set(nodes.map(({ key }) => key.host))];
    if (hosts.length > 1)
      return fail({ kind: 'host-ambiguous', host, service: 'conftool', candidates: hosts });
    if (nodes.length === 0)
      return fail({
        kind: 'host-unknown',
        host,
        service: 'any service',
        nearest: nearest(host, facts.services),
      });
    const lines = nodes.slice(0, MOST_LINES).map((node): Announcement => {
      const observed = facts.observed.get(node.key.dc);
      return {
        kind: 'why-line',
        key: node.key,
        state: node.state,
        origin: facts.originOf(node),
        effective: effectiveText(facts.balanced.get(poolPath(node.key)), node.key.host),
        rps: observed?.ok === true ? rpsOf(observed.value, node.key) : undefined,
      };
    });
    const more = nodes.length - lines.length;
    return ok(
      more === 0 ? lines : [...lines, { kind: 'more-lines', count: more, command: `!status ${host}` }],
    );
  },
});
