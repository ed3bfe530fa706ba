/**
 * One text for one value: JSON with sorted keys, without undefined fields. What hashes and signatures are made over,
 * so that a value that went through Redis and back has the same hash.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  const record = value as Readonly<Record<string, unknown>>;
  let text = '';
  // By UTF-16 code units.
  for (const key of Object.keys(record).sort()) {
    const field = record[key];
    if (field !== undefined)
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}
