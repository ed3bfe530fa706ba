import { join } from 'node:path';
import { openAuditSink } from '../adapters/conftool/audit-sink.ts';
import { NO_VOICE } from '../app/voice.ts';
import { loadCommands } from '../app/load-commands.ts';
import type { Config } from '../config.ts';
import { loadConfig, readStateDir } from '../config.ts';
import { runConsole } from '../console/console.ts';
import { readThrown } from '../core/thrown.ts';
import { parseDuration } from '../core/time.ts';
import { doctor } from '../doctor.ts';
import { openLog } from '../observe/log.ts';
import { secretsIn } from '../config/secret.ts';
import { CONSOLE_FOLDER } from '../wiring/chats.ts';
import { openConftool } from '../wiring/conftool.ts';
import { openClusters } from '../wiring/kubernetes.ts';
import { composeParts } from '../wiring/parts.ts';
import { absentParts } from './absent.ts';
import { auditRebuild, auditShow, auditVerify } from './audit-tool.ts';
import { brief } from './brief.ts';
import { byHand } from './by-hand.ts';
import { policyTest } from './policy-test.ts';
import type { Print } from './print.ts';

/** What `sluice` can be asked besides to run. */
export const USAGE = `usage: sluice [--config sluice.yaml]            runs
       sluice doctor                           looks at everything that a start needs
       sluice console                          joins the Sluice that runs, as the Unix user who types
       sluice audit verify [--head HASH]       is the audit log whole?
       sluice audit show [ID] [--since 2h] [--sal]
       sluice audit rebuild                    fills an empty journal from the audit log
       sluice by-hand [ID]                     what to type when Sluice cannot act
       sluice brief                            what the next person on call should know
       sluice policy test 'PERSON: !COMMAND'   which rule would decide
       all of them take --config sluice.yaml`;

/** What was typed after `--`. */
export interface ToolOptions {
  readonly config: string;
  readonly head?: string | undefined;
  readonly since?: string | undefined;
  readonly sal: boolean;
}

/** Runs one of the tools that work beside, or without, a running Sluice. @returns the exit code; 2 for words that are no tool. */
export async function runTool(words: readonly string[], options: ToolOptions): Promise<number> {
  const print: Print = (line) => void process.stdout.write(`${line}\n`);
  try {
    return await choose(words, options, print);
  } catch (error) {
    process.stderr.write(`${readThrown(error).message}\n`);
    return 1;
  }
}

async function choose(
  [name = '', what, ...more]: readonly string[],
  options: ToolOptions,
  print: Print,
): Promise<number> {
  const { config: file } = options;
  const tool = name === 'audit' || name === 'policy' ? `${name} ${what ?? ''}` : name;
  if (more.length > 1) return usage();
  switch (tool) {
    case 'doctor':
      return what === undefined ? doctor(file, print) : usage();
    case 'console':
      return what === undefined ? joinConsole(file) : usage();
    case 'audit verify':
      return more.length === 0 ? auditVerify(readStateDir(file), options.head, print) : usage();
    case 'audit show': {
      const span = options.since === undefined ? undefined : parseDuration(options.since);
      if (span?.ok === false) return usage();
      const since = span === undefined ? 0 : Date.now() - span.value;
      return auditShow(readStateDir(file), { id: more[0], since, sal: options.sal }, print);
    }
    case 'audit rebuild':
      return withConfig(file, (config) => auditRebuild(config, openLog('warn', secretsIn(config)), print));
    case 'by-hand':
      return byHand(readStateDir(file), what, print);
    case 'brief':
      return withConfig(file, async (config) => {
        const conftool = await openQuietConftool(config);
        return brief(config, conftool, print).finally(() => conftool.close());
      });
    case 'policy test':
      return withConfig(file, (config) => testPolicy(config, more[0] ?? '', print));
    default:
      return usage();
  }
}

function usage(): 2 {
  process.stderr.write(`${USAGE}\n`);
  return 2;
}

async function withConfig(file: string, act: (config: Config) => Promise<number>): Promise<number> {
  const config = loadConfig(file);
  if (config.ok) return act(config.value);
  process.stderr.write(`${config.fault.file}:\n${config.fault.lines.map((line) => `  ${line}\n`).join('')}`);
  return 1;
}

/** A console of the Sluice that runs. Ends the process: a pipe on stdin may stay open. */
async function joinConsole(file: string): Promise<number> {
  const error = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const folder = join(readStateDir(file), CONSOLE_FOLDER);
    const { env, stdin: input, stdout: output } = process;
    process.exit(await runConsole({ folder, env, input, output, error }));
  } catch (thrown) {
    error(readThrown(thrown).message);
    process.exit(2);
  }
}

async function testPolicy(config: Config, text: string, print: Print): Promise<number> {
  const conftool = await openQuietConftool(config);
  const kubernetes = config.kubernetes === undefined ? undefined : openClusters(config.kubernetes);
  const parts = composeParts(config, {
    ...absentParts(),
    conftool,
    kubernetes,
    chats: [],
    voice: NO_VOICE,
    speaker: () => undefined,
    log: openLog('warn', secretsIn(config)),
    commands: await loadCommands(),
    trusted: { people: config.people, policy: config.policy },
    heard: new Map(),
    ownHealth: () => [],
  });
  return policyTest(parts, text, print).finally(async () => {
    kubernetes?.close();
    await conftool.close();
  });
}

/** For reading: there is no write whose record could go anywhere. */
function openQuietConftool(config: Config): ReturnType<typeof openConftool> {
  return openConftool(config, openAuditSink({ conftool2git: undefined, warn: () => undefined }));
}
