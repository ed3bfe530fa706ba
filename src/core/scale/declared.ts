/** The whole number at a path like `resources.replicas` of a values file; undefined when there is none. */
export function numberAt(values: unknown, path: string): number | undefined {
  let at = values;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return typeof at === 'number' && Number.isInteger(at) && at >= 0 ? at : undefined;
}
