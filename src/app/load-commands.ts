import { readdir } from 'node:fs/promises';
import type { Command } from '../core/command.ts';
import { checkCommand } from '../core/command-shape.ts';

// From `src/app` this is the source folder, from `dist/src/app` the built one: never a folder of somebody's choice.
const OWN_FOLDER = new URL('../../commands/', import.meta.url);

/**
 * Every command, sorted by name: one file of the folder each. Built by-products (`.js.map`, `.d.ts`) are passed over.
 *
 * @param folder ends with a slash; the package's own unless a test names another.
 * @throws Error that names the file, when one does not load, is no command, is called otherwise than its command, or
 *   when two files make the same command. The start fails then: half a set of commands is a surprise for later.
 */
export async function loadCommands(folder: URL = OWN_FOLDER): Promise<readonly Command[]> {
  const files = (await readdir(folder)).filter(isCommandFile).sort();
  const commands = new Map<string, Command>();
  for (const file of files) {
    const command = await loadCommand(folder, file);
    if (commands.has(command.name)) throw new Error(`commands/${file}: another file is !${command.name} too`);
    commands.set(command.name, command);
  }
  return [...commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isCommandFile(file: string): boolean {
  return /\.(?:ts|js)$/.test(file) && !file.endsWith('.d.ts');
}

async function loadCommand(folder: URL, file: string): Promise<Command> {
  const module = await importFile(folder, file);
  const command = checkCommand(module['default']);
  if (!command.ok) throw new Error(`commands/${file}: ${command.fault}`);
  const name = file.replace(/\.(?:ts|js)$/, '');
  if (command.value.name !== name) {
    throw new Error(`commands/${file}: is !${command.value.name}, so the file must be called like it`);
  }
  return command.value;
}

async function importFile(folder: URL, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(new URL(encodeURIComponent(file), folder).href)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`commands/${file}: does not load: ${why}`, { cause: error });
  }
}
