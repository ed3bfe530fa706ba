// `npm start`: builds when a source is newer than the build, then runs the build. Plain JavaScript, since it runs before there is one.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist/src/main.js');

/** When anything below the folder last changed. */
const newest = (folder) =>
  Math.max(
    ...['', ...readdirSync(join(root, folder), { recursive: true })].map(
      (name) => statSync(join(root, folder, name)).mtimeMs,
    ),
  );

if (!existsSync(built) || Math.max(newest('src'), newest('commands')) > statSync(built).mtimeMs) {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
await import(built);
