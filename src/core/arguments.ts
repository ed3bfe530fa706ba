import { z } from 'zod';
import { refusedCharacter, visibleText } from './characters.ts';
import type { Fault } from './fault.ts';
import { expandHosts } from './hosts.ts';
import type { Override } from './override.ts';
import { OVERRIDES } from './override.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import { durationText, parseDuration } from './time.ts';

/** Why a token is not what it should be: one of our faults, or a sentence that says what to type. */
type Unreadable = Fault | string;

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/;
const NAME_CHARACTER = /^[A-Za-z0-9._-]$/;
const WEIGHT_MOST = 65_535;
// The alphabet of `operation-id.ts`.
const OPERATION_ID = /^[abcdefghjkmnpqrstuvwxyz][abcdefghjkmnpqrstuvwxyz2-9]{2,4}$/;

/** `HOSTS`: the list as typed, and the names that it stands for, short or full as typed, in lower case. */
export const Hosts = tokenSchema((typed): Result<{ typed: string; names: readonly string[] }, Unreadable> => {
  const names = expandHosts(typed);
  return names.ok ? ok({ typed, names: names.value }) : names;
});

/** `SERVICE`: a service tag of conftool; whether it exists is seen later. */
export const Service = tokenSchema((typed) =>
  readName(typed, 'a service is a name like kartotherian-k8s-ssl'),
);

/** `N`: what a load balancer weighs a host with, 1-65535. */
export const Weight = tokenSchema((typed): Result<number, Unreadable> => {
  const weight = /^[1-9]\d{0,4}$/.test(typed) ? Number(typed) : 0;
  if (weight >= 1 && weight <= WEIGHT_MOST) return ok(weight);
  return fail(`a weight is a whole number from 1 to ${String(WEIGHT_MOST)}`);
});

/** `N`: how many pods there shall be. */
export const Replicas = tokenSchema((typed): Result<number, Unreadable> => {
  if (/^(?:0|[1-9]\d{0,3})$/.test(typed)) return ok(Number(typed));
  return fail('a number of pods is a whole number up to 9999');
});

/** `NAME` of a deployment, as the configuration has it. */
export const DeploymentName = tokenSchema((typed) =>
  readName(typed, 'a deployment is a name of the configuration, like kartotherian'),
);

/** `ID` of an operation, in lower case. */
export const OperationId = tokenSchema(readOperationId);

/** `ID` of an operation, or `all`, which no id can be: ids have no `l`. */
export const OperationIdOrAll = tokenSchema((typed): Result<string, Unreadable> => {
  return typed.toLowerCase() === 'all' ? ok('all') : readOperationId(typed);
});

/** `[SERVICE|HOST]` or a person: one name, whichever it is; undefined when none was typed. */
export const OptionalSubject = tokenSchema((typed) =>
  readName(typed, 'name one service or host, like kartotherian-k8s-ssl or maps1005'),
).optional();

/** `PERSON`: a name of people.yaml. */
export const PersonName = tokenSchema((typed) =>
  readName(typed, 'a person is a name of people.yaml like elukey'),
);

/** `HOST`: one name, short or full. */
export const OneHost = tokenSchema((typed) => readName(typed, 'name one host, like maps1005'));

/** `30m`, or the name of a service, host, data centre or record. */
export const SpanOrSubject = tokenSchema(
  (typed): Result<{ readonly span?: number; readonly subject?: string }, Unreadable> => {
    const span = parseDuration(typed.toLowerCase());
    if (span.ok) return ok({ span: span.value });
    if (/^(?:discovery|geodns)\//i.test(typed)) return ok({ subject: typed.toLowerCase() });
    const name = readName(typed, 'say a time like 30m, or name a service, host or data centre');
    return name.ok ? ok({ subject: name.value }) : name;
  },
);

/** `dc=`: a data centre. */
export const Dc = tokenSchema((typed) => readName(typed, 'a data centre is a name like eqiad'));

/** `pool|depool|switch` of a DNS record. */
export const RouteAction = tokenSchema((typed): Result<'pool' | 'depool' | 'switch', Unreadable> => {
  const word = typed.toLowerCase();
  if (word === 'pool' || word === 'depool' || word === 'switch') return ok(word);
  return fail('say pool, depool or switch');
});

/** `RECORD`: a DNS record; without a type it is one of discovery. */
export const Record = tokenSchema((typed): Result<string, Unreadable> => {
  const [first = '', second, ...more] = typed.toLowerCase().split('/');
  const name = readName(second ?? first, 'a record is a name like kartotherian or geodns/text-addrs');
  if (!name.ok || second === undefined) return name;
  if (more.length === 0 && (first === 'discovery' || first === 'geodns')) return ok(`${first}/${name.value}`);
  return fail('a record is a name like kartotherian or geodns/text-addrs');
});

/** `cluster=`: a cluster of conftool. */
export const Cluster = tokenSchema((typed) => readName(typed, 'a cluster is a name like maps'));

/** A span of time like `2h`; `most` in milliseconds. */
export function spanUpTo(most: number): z.ZodType<number, string> {
  return tokenSchema((typed): Result<number, Unreadable> => {
    const span = parseDuration(typed.toLowerCase());
    if (!span.ok || span.value <= most) return span;
    return fail(`at most ${durationText(most)}`);
  });
}

/** `batch=`: hosts that are done at the same time. */
export const Batch = tokenSchema((typed): Result<number, Unreadable> => {
  return /^[1-9]\d{0,2}$/.test(typed) ? ok(Number(typed)) : fail('a batch is a number of hosts like 3');
});

/** `pace=`: only `none`, without waiting for the load balancers. */
export const PaceNone = tokenSchema((typed): Result<'none', Unreadable> => {
  return typed.toLowerCase() === 'none' ? ok('none') : fail('the only pace to name is pace=none');
});

/** `break-glass=`: why nobody else was waited for. */
export const BreakGlassReason = tokenSchema((typed): Result<string, Unreadable> => {
  const reason = visibleText(typed);
  return /[\p{L}\p{N}]/u.test(reason) ? ok(reason) : fail('say why in quotes: break-glass="reason"');
});

/** `override=`: guard rails by name, with commas. */
export const Overrides = tokenSchema((typed): Result<readonly Override[], Unreadable> => {
  const names = typed.toLowerCase().split(',');
  const known = OVERRIDES.filter((name) => names.includes(name));
  return known.length === names.length ? ok(known) : fail(`name some of ${OVERRIDES.join(', ')}`);
});

/** `COMMAND`: the word of a command, with or without its `!`. */
export const CommandName = tokenSchema(readCommandName);

/** `[COMMAND]`; undefined when none was typed. */
export const OptionalCommandName = CommandName.optional();

/**
 * The fault that a schema of this file put into its issue, when it is more than a sentence.
 *
 * @param issue the first issue of a failed parse, of any schema.
 */
export function faultOfIssue(issue: z.core.$ZodIssue): Fault | undefined {
  if (issue.code !== 'custom') return undefined;
  const carried: unknown = issue.params?.['fault'];
  // Only `tokenSchema` fills it.
  return carried as Fault | undefined;
}

function tokenSchema<T>(read: (typed: string) => Result<T, Unreadable>): z.ZodType<T, string> {
  return z.string().transform((token, context): T => {
    const value = read(withoutBackticks(token));
    if (value.ok) return value.value;
    const { fault } = value;
    const sentence = typeof fault === 'string';
    context.issues.push({
      code: 'custom',
      input: token,
      message: sentence ? fault : fault.kind,
      params: sentence ? {} : { fault },
    });
    return z.NEVER;
  });
}

/** People quote names as code in Slack; in other places than around the whole argument a backtick is refused. */
function withoutBackticks(token: string): string {
  return /^`([^`]+)`$/.exec(token)?.[1] ?? token;
}

function readName(typed: string, sentence: string): Result<string, Unreadable> {
  const refused = refusedCharacter(typed, NAME_CHARACTER);
  if (refused !== undefined) return fail(refused);
  const name = typed.toLowerCase();
  return NAME.test(name) ? ok(name) : fail(sentence);
}

function readOperationId(typed: string): Result<string, Unreadable> {
  const refused = refusedForeign(typed);
  if (refused !== undefined) return fail(refused);
  const id = typed.toLowerCase();
  if (OPERATION_ID.test(id)) return ok(id);
  if (/^[a-z][a-z0-9]{2,4}$/.test(id)) return fail('an id has none of 0 o 1 l i, which look alike: copy it');
  return fail('an id is 3 to 5 letters and digits like k7f: copy it from the request');
}

function readCommandName(typed: string): Result<string, Unreadable> {
  const refused = refusedForeign(typed);
  if (refused !== undefined) return fail(refused);
  const name = typed.toLowerCase().replace(/^!/, '');
  return /^[a-z][a-z-]*$/.test(name) ? ok(name) : fail('name a command, like pool');
}

/** Visible ASCII is judged by what it should be; anything else is named, for it may not be seen. */
function refusedForeign(typed: string): Fault | undefined {
  return refusedCharacter(typed, /^[\x21-\x7e]$/);
}
