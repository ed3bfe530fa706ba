import { spawnSync } from 'node:child_process';

const PROGRAM = `
import json, sys
sys.stdin.reconfigure(encoding="utf-8")
for line in sys.stdin:
    try:
        print(json.dumps(json.dumps(json.loads(json.loads(line)))))
    except (ValueError, RecursionError):
        print("null")
`;

/** What Python's own `json.dumps(json.loads(text))` makes of each text; null where it refuses to read it. One process for all. */
export function rewriteInPython(texts: readonly string[]): readonly (string | null)[] {
  const input = texts.map((text) => `${toAscii(JSON.stringify(text))}\n`).join('');
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PROGRAM], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`python3 ended with ${String(status)}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as string | null);
}

/** A text may hold what UTF-8 cannot: half of a surrogate pair. */
function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
