// `npm run lab`: installs what is missing, then runs the lab in this same process, so that a signal has one address.
import { install } from './install.mjs';

await install();
const { register } = await import('tsx/esm/api');
register();
await import('./main.ts');
