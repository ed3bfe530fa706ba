import type { NodeKey } from '../../core/node.ts';
import { poolPath } from '../../core/node.ts';
import type { PythonJson } from '../../core/python-json.ts';
import { writePythonJson } from '../../core/python-json.ts';
import type { WriteOrigin } from '../../core/write-origin.ts';

/** One write, as it is told to those who keep conftool's audit trail. */
export interface WriteAudit {
  readonly key: NodeKey;
  /** `unknown`: it was sent and nobody knows; conftool itself would say `failure` there. */
  readonly outcome: 'success' | 'failure' | 'unknown';
  readonly origin: WriteOrigin;
  /** The stored texts. */
  readonly before: string;
  readonly after: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * The record that conftool itself leaves of a write (6.1.0, ECS 1.11): its keys in its order, then Sluice's own, which conftool's readers pass over.
 * `user.name` is who asked, as with confctl it is who typed.
 *
 * @returns JSON as Python writes it.
 */
export function auditRecord(audit: WriteAudit, hostname: string): string {
  const { key, outcome, origin, before, after, at } = audit;
  const fields: readonly (readonly [string, PythonJson])[] = [
    ['ecs.version', text('1.11.0')],
    ['@timestamp', text(isoformat(at))],
    ['log.level', text('info')],
    ['event.action', text('write')],
    ['event.dataset', text('conftool.audit')],
    ['event.module', text('conftool')],
    ['event.kind', text('event')],
    ['event.outcome', text(outcome)],
    ['user.name', text(origin.person)],
    ['service.type', text(key.record ?? 'node')],
    ['service.name', text(`${key.record === undefined ? 'pools/' : ''}${poolPath(key)}/${key.host}`)],
    ['host.hostname', text(hostname)],
    ['sluice.operation', text(origin.operation)],
    ['sluice.approvers', { kind: 'array', items: origin.approvers.map(text) }],
    ['sluice.before', text(before)],
    ['sluice.after', text(after)],
  ];
  return writePythonJson({ kind: 'object', fields: new Map(fields) });
}

/** The line of conftool's logger: ` ConftoolAudit[23395]: @cee: {...}`. */
export function auditLine(record: string, pid: number): string {
  return ` ConftoolAudit[${String(pid)}]: @cee: ${record}`;
}

function text(value: string): PythonJson {
  return { kind: 'string', value };
}

/** As Python's `datetime.isoformat` of UTC, which leaves the fraction out when it is zero. */
function isoformat(at: number): string {
  const iso = new Date(at).toISOString();
  const [whole = '', fraction = '000'] = iso.slice(0, -1).split('.');
  return `${whole}${fraction === '000' ? '' : `.${fraction}000`}+00:00`;
}
