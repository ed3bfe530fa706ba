import type { QueueBaseOptions } from 'bullmq';

/** Makes a job carry the span of who added it, so that what the worker does is found below what was said in chat. */
export type QueueTelemetry = NonNullable<QueueBaseOptions['telemetry']>;

/** Of use only where spans are exported. */
export async function openQueueTelemetry(): Promise<QueueTelemetry> {
  const { BullMQOtel } = await import('bullmq-otel');
  return new BullMQOtel({ tracerName: 'sluice' });
}
