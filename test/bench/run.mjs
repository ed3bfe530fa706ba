// `npm run bench`: installs what is missing, builds what is measured, then runs the bench in this same process, so that a signal has one address.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { install } from '../lab/install.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

await install();
const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);
const { register } = await import('tsx/esm/api');
register();
await import('./main.ts');
