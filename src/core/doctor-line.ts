/** What `sluice doctor` says about one part. `FAIL` means that Sluice would not work, or not safely. */
export interface DoctorLine {
  readonly status: 'ok' | 'warn' | 'FAIL';
  /** `config`, `files`, `redis`, `etcd`, `irc`, `slack`, `confctl`, `load balancers`, `prometheus`. */
  readonly part: string;
  /** What was seen and, unless it is well, what to do. */
  readonly text: string;
}

/** Makes lines of one part: `const redis = linesOf('redis')`, `redis.ok('version 7.0.15')`. */
export function linesOf(part: string): Record<'ok' | 'warn' | 'fail', (text: string) => DoctorLine> {
  return {
    ok: (text) => ({ status: 'ok', part, text }),
    warn: (text) => ({ status: 'warn', part, text }),
    fail: (text) => ({ status: 'FAIL', part, text }),
  };
}

/** `FAIL redis append-only file is off: …`. */
export function doctorLineText({ status, part, text }: DoctorLine): string {
  return `${status} ${part} ${text}`;
}
