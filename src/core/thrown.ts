/** What was thrown, as far as it can be read. It may come from another realm, where `instanceof Error` is false. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  /** `ECONNREFUSED`. */
  readonly code: string | undefined;
}

/** Reads what was thrown; of `fetch`, which hides it, what caused it. */
export function readThrown(error: unknown): Thrown {
  const fields =
    typeof error === 'object' && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
  const inner = fields['cause'];
  if (typeof inner === 'object' && inner !== null && fields['message'] === 'fetch failed')
    return readThrown(inner);
  return {
    name: textOf(fields['name']) ?? '',
    message: textOf(fields['message']) ?? String(error),
    code: textOf(fields['code']),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
