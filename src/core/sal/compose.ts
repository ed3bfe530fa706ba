import { foldHosts } from '../hosts.ts';
import { TASK, TASKS_MOST } from '../tail.ts';
import { minutesSecondsText } from '../time.ts';
import { byteLength, cutToBytes } from '../byte-text.ts';
import { cleanName, cleanText } from './clean.ts';
import type { SalRecord } from './record.ts';

/** The longest line, in bytes with `!log `: longer ones are split by the IRC library, and the rest is lost. */
export const SAL_BYTES_MOST = 350;
/** The longest line that a relay says whole. */
export const SAL_RELAY_BYTES_MOST = 425;

const PERSON_LONGEST = 32;
const HOST_LONGEST = 64;
const SERVICE_LONGEST = 63;
const SCALE_LONGEST = 140;
const ID_LONGEST = 12;
const PLAIN_HOSTS_MOST = 3;
const HOSTS_BYTES_MOST = 120;
const FIRST_HOSTS_BYTES_MOST = 60;
/** A reason cut shorter than this says nothing: it is left out. */
const REASON_BYTES_LEAST = 8;
const LATE_AFTER_MS = 60_000;

/** How much a list of hosts is shortened: as they come, folded, counted with the first, counted. */
const HOST_FORMS = ['plain', 'folded', 'first', 'count'] as const;
type HostForm = (typeof HOST_FORMS)[number];

/** What gives way when the line is too long; the reason goes before all of these. */
interface Room {
  readonly allApprovers: boolean;
  readonly hosts: HostForm;
  readonly notDone: HostForm;
  readonly unknown: HostForm;
  readonly service: boolean;
}

/** From everything to the least, in the order in which things may be missed. */
const ROOMS = roomsFrom({
  allApprovers: true,
  hosts: 'plain',
  notDone: 'plain',
  unknown: 'plain',
  service: true,
});

/**
 * One line of the Server Admin Log, ready for PRIVMSG: one line, at most `SAL_BYTES_MOST` bytes, beginning with `!log ` and
 * our verb. User text is cleaned here. When it does not fit: first the reason is cut, then approvers, hosts and the
 * service; verb, action, requester, duration, lateness and tasks stay.
 *
 * @param options.host through a relay the log's author is a person of this host: the line then begins with both, and may have `SAL_RELAY_BYTES_MOST` bytes.
 * @param options.late when it happened and when it is said, in milliseconds; beyond a minute the line tells.
 */
export function composeSal(
  record: SalRecord,
  options: {
    readonly late?: { readonly at: number; readonly now: number };
    readonly host?: string | undefined;
  } = {},
): string {
  const { host } = options;
  // An author without a name would be read as nobody's.
  const author =
    host === undefined
      ? ''
      : `${personText(record.requester) || 'sluice'}@${cleanName(host).slice(0, HOST_LONGEST)} `;
  const tail = tailText(record, options.late);
  const most = host === undefined ? SAL_BYTES_MOST : SAL_RELAY_BYTES_MOST - byteLength(author);
  const room = most - byteLength(tail);
  const head = fittingHead(record, room);
  const line = head + reasonText(record.reason, room - byteLength(head)) + tail;
  return line.replace(/^!log /, `!log ${author}`);
}

/** As much of it as there is room for. Names of any length are possible, so that even the least may have to be cut. */
function fittingHead(record: SalRecord, bytes: number): string {
  let head = '';
  for (const room of ROOMS) {
    head = headText(record, room);
    if (byteLength(head) <= bytes) return head;
  }
  return cutToBytes(head, bytes);
}

/** Everything before the reason. */
function headText(record: SalRecord, room: Room): string {
  const parts = [
    `!log ${verbText(record)} - ${whatText(record, room)}`,
    ` by ${personText(record.requester)}`,
    record.brokeGlass === true ? ', ok NONE (override)' : approversText(record.approvers, room.allApprovers),
    ` [${cleanName(record.operation).slice(0, ID_LONGEST)}]`,
  ];
  if (record.notDone.length > 0) parts.push(`, not done ${hostsText(record.notDone, room.notDone)}`);
  if (record.unknown.length > 0) parts.push(`, unknown ${hostsText(record.unknown, room.unknown)}`);
  return parts.join('');
}

function verbText(record: SalRecord): string {
  if (record.phase === 'start') return 'START';
  // A record without an end is one whose end is not known.
  return `${record.phase === 'end' ? 'END' : 'DONE'} (${record.end ?? 'ERROR'})`;
}

function whatText(record: SalRecord, room: Room): string {
  const { undoes } = record;
  const action =
    record.verb === 'undo' && undoes !== undefined
      ? `undo ${cleanName(undoes.id).slice(0, ID_LONGEST)}: ${undoes.verb}`
      : record.verb;
  if (record.scale !== undefined) return `${action} ${scaleText(record.scale)}`;
  const isPartial = record.phase !== 'start' && record.hosts.length < record.planned;
  const words = [action];
  if (isPartial) words.push(`${String(record.hosts.length)}/${String(record.planned)}`);
  if (record.hosts.length > 0) words.push(hostsText(record.hosts, room.hosts));
  if (record.weight !== undefined) words.push(`weight=${String(record.weight)}`);
  if (room.service) words.push(`in ${serviceText(record.service)}`);
  return words.join(' ');
}

/** `eqiad+codfw/kartotherian/kartotherian-main 40+40->65+65`. */
function scaleText({ clusters, namespace, deployment, from, to }: NonNullable<SalRecord['scale']>): string {
  const where = [clusters.map(cleanName).join('+'), cleanName(namespace), cleanName(deployment)].join('/');
  return `${where.slice(0, SCALE_LONGEST)} ${from.join('+')}->${to.join('+')}`;
}

/** `discovery/kartotherian`, `kartotherian+kartotherian-ssl`: each name cleaned for itself. */
function serviceText(service: string): string {
  const parts = service.split(/([+/])/).map((part) => (/^[+/]$/.test(part) ? part : cleanName(part)));
  return parts.join('').slice(0, SERVICE_LONGEST);
}

function personText(name: string): string {
  return cleanName(name).slice(0, PERSON_LONGEST);
}

function approversText(approvers: readonly string[], all: boolean): string {
  const [first, ...others] = approvers.map(personText);
  if (first === undefined) return '';
  if (all || others.length === 0) return `, ok ${[first, ...others].join('+')}`;
  return `, ok ${first}+${String(others.length)}`;
}

/**
 * Up to three hosts by name, so that a search for one of them finds the line; more are folded as cumin prints them; what
 * is long even then is counted: `40 hosts in eqiad (first cp[1075,1077].eqiad.wmnet...)`.
 */
function hostsText(hosts: readonly string[], form: HostForm): string {
  const names = hosts.map(cleanName);
  const plain = names.join(',');
  if (form === 'plain' && names.length <= PLAIN_HOSTS_MOST && byteLength(plain) <= HOSTS_BYTES_MOST)
    return plain;
  const folded = foldHosts(names);
  if ((form === 'plain' || form === 'folded') && byteLength(folded) <= HOSTS_BYTES_MOST) return folded;
  if (names.length === 1) return cutToBytes(plain, FIRST_HOSTS_BYTES_MOST);
  if (byteLength(folded) <= FIRST_HOSTS_BYTES_MOST) return folded;
  const counted = `${String(names.length)} hosts${placeText(names)}`;
  return form === 'count' ? counted : `${counted} (first ${firstHosts(names)}...)`;
}

/** The longest beginning of the list that folds into little. */
function firstHosts(names: readonly string[]): string {
  let first = cutToBytes(names[0] ?? '', FIRST_HOSTS_BYTES_MOST);
  for (let count = 2; count < names.length && count < FIRST_HOSTS_BYTES_MOST; count += 1) {
    const more = foldHosts(names.slice(0, count));
    if (byteLength(more) > FIRST_HOSTS_BYTES_MOST) break;
    first = more;
  }
  return first;
}

/** ` in eqiad`, ` in codfw+eqiad`, from the domains; empty where a domain does not tell. */
function placeText(names: readonly string[]): string {
  const places = names.map((name) => /^[^.]+\.([a-z0-9-]{1,12})\.wmnet$/.exec(name)?.[1]);
  const distinct = [...new Set(places)];
  if (distinct.includes(undefined) || distinct.length > 4) return '';
  return ` in ${distinct.sort().join('+')}`;
}

/** `: REASON`, cut with three dots when it must be. */
function reasonText(reason: string, room: number): string {
  const clean = cleanText(reason);
  if (clean === '') return '';
  if (byteLength(clean) + 2 <= room) return `: ${clean}`;
  const cut = cutToBytes(clean, room - 5);
  return byteLength(cut) < REASON_BYTES_LEAST ? '' : `: ${cut}...`;
}

/** Everything after the reason: what stashbot and readers look for at the end. */
function tailText(
  record: SalRecord,
  late: { readonly at: number; readonly now: number } | undefined,
): string {
  const duration =
    record.durationMs === undefined ? '' : ` (duration: ${minutesSecondsText(record.durationMs)})`;
  const tasks = [...new Set(record.tasks.filter((task) => TASK.test(task)))].slice(0, TASKS_MOST);
  return `${duration}${lateText(late)}${tasks.length === 0 ? '' : ` - ${tasks.join(' ')}`}`;
}

/** ` (late: 10:43:07Z)`, with the day when it was another. Never a blank before a bare `T10`: that would be a task. */
function lateText(late: { readonly at: number; readonly now: number } | undefined): string {
  if (late === undefined || late.now - late.at <= LATE_AFTER_MS) return '';
  const [day, time] = utcParts(late.at);
  return day === utcParts(late.now)[0] ? ` (late: ${time}Z)` : ` (late: ${day} ${time}Z)`;
}

function utcParts(at: number): readonly [string, string] {
  const text = new Date(at).toISOString();
  return [text.slice(0, 10), text.slice(11, 19)];
}

function roomsFrom(everything: Room): readonly Room[] {
  const rooms: Room[] = [everything, { ...everything, allApprovers: false }];
  for (const list of ['hosts', 'notDone', 'unknown'] as const) {
    for (const form of HOST_FORMS.slice(1)) {
      rooms.push({ ...(rooms.at(-1) ?? everything), [list]: form });
    }
  }
  return [...rooms, { ...(rooms.at(-1) ?? everything), service: false }];
}
