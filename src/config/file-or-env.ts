import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Problem } from '../core/problem.ts';
import type { TrustedFile } from './file-modes.ts';
import type { Role } from './role.ts';
import { isWithheld } from './role.ts';
import type { Secret } from './secret.ts';
import { makeSecret, WITHHELD } from './secret.ts';

/** The two ways to hand over one text: `passwordFile: PATH` or `passwordEnv: NAME`. */
type FileOrEnvShape<Name extends string> = Record<`${Name}File` | `${Name}Env`, z.ZodOptional<z.ZodString>>;

/** The keys `nameFile` and `nameEnv` of a mapping, both optional: which of them is needed is seen when it is read. */
export function fileOrEnv<Name extends string>(name: Name): FileOrEnvShape<Name> {
  const text = z.string().min(1).optional();
  return { [`${name}File`]: text, [`${name}Env`]: text } as FileOrEnvShape<Name>;
}

/** Where a configuration is read from, and what was met on the way. */
export interface Reading {
  /** Of the file that names the paths. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the process that reads: some secrets are not for it, and need not be there. */
  readonly role: Role;
  readonly problems: Problem[];
  readonly files: TrustedFile[];
}

/** A mapping that may hold `nameFile` or `nameEnv`. */
type Holder = Readonly<Record<string, unknown>>;

/** Which text of a mapping is meant. `at` is the mapping's path, `kind` who may read the file. */
export interface Wanted {
  readonly at: string;
  readonly name: string;
  readonly kind: TrustedFile['kind'];
}

/**
 * Reads the text that `nameFile` or `nameEnv` stands for, without line ends at its end.
 *
 * @returns undefined when neither is given, or when it cannot be read, which is then among the problems.
 */
export function readText(reading: Reading, holder: Holder, wanted: Wanted): string | undefined {
  const { at, name, kind } = wanted;
  const [file, variable] = [holder[`${name}File`], holder[`${name}Env`]];
  if (typeof file === 'string' && typeof variable === 'string') {
    reading.problems.push({
      path: joined(at, `${name}Env`),
      text: `give ${name}File or ${name}Env, not both`,
    });
    return undefined;
  }
  if (typeof variable === 'string') {
    const text = reading.env[variable];
    if (text !== undefined && text !== '') return text;
    reading.problems.push({ path: joined(at, `${name}Env`), text: `the environment has no ${variable}` });
  }
  if (typeof file !== 'string') return undefined;
  return readTrusted(reading, { path: file, at: joined(at, `${name}File`), kind });
}

/** The same for a text that has to be there and is never shown. */
export function readSecret(reading: Reading, holder: Holder, wanted: Omit<Wanted, 'kind'>): Secret {
  const { at, name } = wanted;
  if (isWithheld(reading.role, at)) return WITHHELD;
  if (holder[`${name}File`] === undefined && holder[`${name}Env`] === undefined) {
    reading.problems.push({
      path: joined(at, `${name}File`),
      text: `is missing: give ${name}File or ${name}Env`,
    });
  }
  return makeSecret(readText(reading, holder, { ...wanted, kind: 'secret' }) ?? '');
}

/** Reads a file that the configuration names, and notes that it is believed. */
export function readTrusted(
  reading: Reading,
  file: { readonly path: string; readonly at: string; readonly kind: TrustedFile['kind'] },
): string | undefined {
  const path = resolve(reading.folder, file.path);
  reading.files.push({ path, kind: file.kind });
  try {
    const text = readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .replace(/[\r\n]+$/, '');
    if (text !== '') return text;
    reading.problems.push({ path: file.at, text: `${path} is empty` });
  } catch (error) {
    reading.problems.push({ path: file.at, text: `cannot read ${path}: ${reasonOf(error)}` });
  }
  return undefined;
}

/** Why a file cannot be read or made, in words. */
export function reasonOf(error: unknown): string {
  // Node's file functions throw nothing else.
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is not there';
  return code === 'EACCES' ? 'it may not be read' : message;
}

function joined(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}
