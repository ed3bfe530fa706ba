import type { NativeConftoolOptions } from '../../../src/adapters/conftool/native.ts';
import { openNativeConftool } from '../../../src/adapters/conftool/native.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';

/** The native driver as `sluice.yaml` would have it, with the bounds of a test. Close it. */
export function openDriver(url: string, options: Partial<NativeConftoolOptions> = {}): Conftool {
  return openNativeConftool({
    endpoints: [url],
    namespace: '/conftool',
    apiVersion: 'v1',
    credentials: undefined,
    ca: undefined,
    scope: [{ cluster: 'maps' }],
    readTimeoutMs: 1000,
    writeTimeoutMs: 1000,
    eventTimeoutMs: 200,
    now: () => Date.now(),
    ...options,
  });
}
