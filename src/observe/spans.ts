import { makeSpans } from './context.ts';

/** Spans on their way to a collector. */
export interface SpanExport {
  /** Sends what is left, within a second. */
  close(): Promise<void>;
}

const LAST_WITHIN_MS = 1000;

/**
 * Sends spans by OTLP over HTTP; where to, and with which headers, is read by the library from the `OTEL_` variables that are common to all programs.
 * A collector that is away costs spans and nothing else.
 *
 * @param role as what this process runs.
 */
export async function exportSpans(role: string): Promise<SpanExport> {
  // Not needed by most, and the slowest to load of all that there is.
  const [{ OTLPTraceExporter }, { BatchSpanProcessor, NodeTracerProvider }, resources] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
  ]);
  const named = resources.resourceFromAttributes({ 'service.name': 'sluice', 'sluice.role': role });
  const provider = new NodeTracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    resource: named.merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ timeoutMillis: LAST_WITHIN_MS }))],
  });
  provider.register();
  makeSpans();
  return {
    close: () =>
      Promise.race([
        provider.shutdown().catch(() => undefined),
        new Promise<void>((resolve) => setTimeout(resolve, LAST_WITHIN_MS)),
      ]),
  };
}
