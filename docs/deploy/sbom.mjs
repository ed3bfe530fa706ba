// `npm run --silent sbom`: the bill of materials of what runs in production, CycloneDX, on standard output.
// npm leaves out packages that development needs too, so it is shown a project that has no development.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-sbom-'));

function readJson(name) {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
}

function writeJson(name, content) {
  writeFileSync(join(folder, name), JSON.stringify(content));
}

try {
  const manifest = readJson('package.json');
  const lock = readJson('package-lock.json');
  delete manifest.devDependencies;
  delete lock.packages[''].devDependencies;
  lock.packages = Object.fromEntries(Object.entries(lock.packages).filter(([, { dev }]) => dev !== true));
  writeJson('package.json', manifest);
  writeJson('package-lock.json', lock);
  const options = [
    '--sbom-format',
    'cyclonedx',
    '--omit',
    'dev',
    '--package-lock-only',
    '--loglevel',
    'error',
  ];
  execFileSync('npm', ['sbom', ...options], { cwd: folder, stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true });
}
