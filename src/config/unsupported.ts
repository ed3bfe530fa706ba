import type { Problem } from '../core/problem.ts';

/** Sections of `sluice.yaml` whose features are not built yet. */
const SECTIONS = ['migrations'];

const TEXT = 'not supported by this version';

/**
 * What the file asks for and this version cannot do. A start that passed over it would promise a safety that is not there.
 *
 * @param content the file as read from YAML, valid or not.
 */
export function unsupportedProblems(content: unknown): readonly Problem[] {
  const file = mapping(content);
  return [...SECTIONS.filter((section) => section in file).map((path) => ({ path, text: TEXT }))];
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMapping ? (value as Record<string, unknown>) : {};
}
