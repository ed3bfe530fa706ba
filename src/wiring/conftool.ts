import type { AuditSink } from '../adapters/conftool/audit-sink.ts';
import { openConfctlConftool } from '../adapters/conftool/by-confctl.ts';
import { findEndpoints } from '../adapters/conftool/find-endpoints.ts';
import type { NativeConftoolOptions } from '../adapters/conftool/native.ts';
import { openNativeConftool } from '../adapters/conftool/native.ts';
import type { Config } from '../config.ts';
import { BOUNDS } from '../config/bounds.ts';
import type { Conftool } from '../ports/conftool.ts';

/** The driver that the configuration names. @throws when its endpoints are not found. */
export async function openConftool({ conftool }: Config, sink: AuditSink): Promise<Conftool> {
  const { endpoints, srvDomain, namespace, apiVersion, credentials, tls, scope, confctl } = conftool;
  const found = srvDomain === undefined ? undefined : await findEndpoints(srvDomain);
  if (found?.ok === false) throw new Error(`${srvDomain ?? ''}: ${found.fault.cause}`);
  const options: NativeConftoolOptions = {
    endpoints: found?.value ?? endpoints ?? [],
    credentials: credentials && { username: credentials.username, password: credentials.password.reveal() },
    ca: tls?.ca,
    namespace,
    apiVersion,
    scope,
    readTimeoutMs: BOUNDS.conftoolReadMs,
    writeTimeoutMs: BOUNDS.conftoolWriteMs,
    eventTimeoutMs: BOUNDS.conftoolEventMs,
    now: Date.now,
    audit: (audit) => {
      sink.tell(audit);
    },
  };
  // confctl leaves its own audit record.
  return confctl === undefined ? openNativeConftool(options) : openConfctlConftool({ ...options, confctl });
}
