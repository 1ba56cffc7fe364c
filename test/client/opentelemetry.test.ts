import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { RerankerClient, ThrottledError, UnavailableError } from '@sagemaker-reranker/client';
import { openTelemetry } from '../../client/src/opentelemetry.js';
import { codecTransport, rejection } from './support/codec-transport.js';

const spans = new InMemorySpanExporter();
const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const exported = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 1e6 });
const metering = new MeterProvider({ readers: [reader] });
const instrumentation = openTelemetry({ tracer: tracing.getTracer('t'), meter: metering.getMeter('m') });
const request = { query: 'private', documents: ['secret a', 'secret b', 'secret c'] };

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(async () => {
  context.disable();
  await Promise.all([tracing.shutdown(), metering.shutdown()]);
});
beforeEach(() => {
  spans.reset();
  exported.reset();
});

async function metricValues(): Promise<Record<string, unknown>> {
  await reader.forceFlush();
  const metrics = exported.getMetrics().flatMap((all) => all.scopeMetrics.flatMap((scope) => scope.metrics));
  return Object.fromEntries(metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]]));
}

it('gives a span a call with one a request below it, what happened, and metrics, but no text', async () => {
  const inside: unknown[] = [];
  const transport = codecTransport(
    () => 0,
    (_, number) => {
      inside.push(trace.getActiveSpan()?.spanContext().spanId);
      if (number === 1) throw new ThrottledError('slow');
    },
  );
  const client = new RerankerClient({
    transport,
    instrumentation,
    maxDocumentsPerRequest: 2,
    concurrency: 1,
    retry: { baseDelayMs: 1 },
  });
  await client.rerank(request);

  const finished = spans.getFinishedSpans();
  const call = finished.find((span) => span.name === 'rerank')!;
  const requests = finished.filter((span) => span.name === 'request');
  expect(call.attributes).toEqual({
    'reranker.target': 'in-process',
    'reranker.documents': 3,
    'reranker.model': 'codec',
    'reranker.tokens': 21,
    'reranker.request_ids': expect.any(Array) as string[],
  });
  expect(call.events.map((event) => event.name)).toEqual(['split', 'retry']);
  expect(requests).toHaveLength(3);
  for (const span of requests) expect(span.parentSpanContext?.spanId).toBe(call.spanContext().spanId);
  expect(requests.map((span) => span.spanContext().spanId).sort()).toEqual([...inside].sort());
  expect(requests.filter((span) => span.attributes['error.type'] === 'throttled')).toHaveLength(1);
  const recorded = finished.map(({ attributes, events, status }) => ({ attributes, events, status }));
  expect(JSON.stringify(recorded)).not.toMatch(/secret|private/);

  const values = await metricValues();
  expect(values['reranker.client.tokens']).toMatchObject({ value: 21 });
  expect(values['reranker.client.retries']).toMatchObject({
    value: 1,
    attributes: { 'error.type': 'throttled' },
  });
  expect(values['reranker.client.duration']).toMatchObject({ value: { count: 1 } });
});

it('marks calls that failed and calls that passed through', async () => {
  const transport = codecTransport(
    () => 0,
    () => {
      throw new UnavailableError('service_unavailable', 'down');
    },
  );
  const client = new RerankerClient({ transport, instrumentation, retry: false });
  await rejection(client.rerank(request));
  await client.rerank({ ...request, onUnavailable: 'passthrough' });
  const [failed, passed] = spans.getFinishedSpans().filter((span) => span.name === 'rerank');
  expect(failed).toMatchObject({
    status: { code: 2, message: 'down' },
    attributes: { 'error.type': 'service_unavailable' },
  });
  expect(passed).toMatchObject({ status: { code: 0 }, attributes: { 'reranker.degraded': true } });
  const values = await metricValues();
  expect(values['reranker.client.passthroughs']).toMatchObject({ value: 1 });
});
