import { parseDocument } from 'yaml';
import type { Problem } from '../core/problem.ts';
import { problemUnder } from '../core/problem.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Reading } from './file-or-env.ts';
import { readTrusted } from './file-or-env.ts';

/** A YAML file that the configuration names. */
export interface YamlFile<T> {
  /** As written, for messages. */
  readonly path: string;
  /** The key that names it. */
  readonly at: string;
  /** `1.1` for files that Ruby reads too, such as puppet's: `yes` is true there. */
  readonly version: '1.1' | '1.2';
  readonly parse: (value: unknown) => Result<T, readonly Problem[]>;
}

// Puppet's catalogue uses one anchor for the addresses of many services. The library's own bound of 100 is for strangers' files.
const ALIASES_MOST = 10_000;

/** Reads and checks a YAML file; undefined when something is wrong, which is then among the problems, under its name. */
export function readYamlFile<T>(reading: Reading, file: YamlFile<T>): T | undefined {
  const text = readTrusted(reading, { path: file.path, at: file.at, kind: 'plain' });
  if (text === undefined) return undefined;
  const value = parseYaml(text, file.version);
  const parsed = value.ok ? file.parse(value.value) : value;
  if (parsed.ok) return parsed.value;
  reading.problems.push(...parsed.fault.map((problem) => problemUnder(file.path, problem)));
  return undefined;
}

/** Reads one YAML document; a key that stands there twice is a problem. */
export function parseYaml(text: string, version: '1.1' | '1.2'): Result<unknown, readonly Problem[]> {
  try {
    const document = parseDocument(text, { version });
    // What follows the first error follows from it, mostly. The message goes on with a drawing of the place.
    const first = document.errors[0]?.message.split('\n')[0];
    if (first === undefined) return ok(document.toJS({ maxAliasCount: ALIASES_MOST }));
    return fail([{ path: '', text: `not YAML: ${first.replace(/:$/, '')}` }]);
  } catch (error) {
    return fail([{ path: '', text: `not YAML: ${error instanceof Error ? error.message : String(error)}` }]);
  }
}
