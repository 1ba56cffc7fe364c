/** OpenTelemetry spans and metrics for the client; `@opentelemetry/api` is an optional peer. */
import {
  context,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Meter,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { RerankerError } from './errors/index.js';
import type { AttemptInfo, CallInfo, ClientEvent, Instrumentation } from './instrumentation.js';

const NAME = 'sagemaker-reranker';

export interface OpenTelemetryOptions {
  /** Default those of the globally registered providers. */
  readonly tracer?: Tracer;
  readonly meter?: Meter;
}

/**
 * A span a `rerank` call with one a request below it, and the metrics `reranker.client.duration` (s),
 * `reranker.client.tokens`, `reranker.client.retries`, `reranker.client.passthroughs`. No text is recorded.
 * @example
 * new RerankerClient({ endpointName, instrumentation: openTelemetry() });
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Instrumentation {
  const tracer = options.tracer ?? trace.getTracer(NAME);
  const meter = options.meter ?? metrics.getMeter(NAME);
  const duration = meter.createHistogram('reranker.client.duration', {
    unit: 's',
    description: 'Time of a rerank call, retries included.',
  });
  const tokens = meter.createCounter('reranker.client.tokens', {
    unit: '{token}',
    description: 'Tokens that were scored.',
  });
  const retries = meter.createCounter('reranker.client.retries', {
    unit: '{request}',
    description: 'Requests that were sent again.',
  });
  const passthroughs = meter.createCounter('reranker.client.passthroughs', {
    unit: '{call}',
    description: 'Calls answered with the first-stage order.',
  });
  // An event is told to the span of its call also where no context manager is registered.
  const spans = new WeakMap<CallInfo, Span>();

  return {
    async call(info, run) {
      const target = { 'reranker.target': info.target };
      const span = tracer.startSpan(info.operation, {
        kind: SpanKind.INTERNAL,
        attributes: { ...target, 'reranker.documents': info.documents },
      });
      spans.set(info, span);
      const start = performance.now();
      const outcome: Attributes = { ...target };
      try {
        return await context.with(trace.setSpan(context.active(), span), run);
      } catch (error) {
        outcome['error.type'] = fail(span, error);
        throw error;
      } finally {
        duration.record((performance.now() - start) / 1000, outcome);
        span.end();
      }
    },
    async attempt(info, run) {
      const parent = spans.get(info.call);
      const active = parent ? trace.setSpan(context.active(), parent) : context.active();
      const span = tracer.startSpan('request', attemptSpan(info), active);
      try {
        return await context.with(trace.setSpan(active, span), run);
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
    event(event) {
      if (event.type === 'circuit') return;
      const target = { 'reranker.target': event.call.target };
      if (event.type === 'retry') retries.add(1, { ...target, 'error.type': event.error.code });
      if (event.type === 'passthrough') passthroughs.add(1, { ...target, 'error.type': event.error.code });
      if (event.type === 'ranked') tokens.add(event.totalTokens, target);
      const span = spans.get(event.call);
      if (span) describe(span, event);
    },
  };
}

function attemptSpan({ call, attempt, hedge, bytes }: AttemptInfo): {
  kind: SpanKind;
  attributes: Attributes;
} {
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      'reranker.target': call.target,
      'reranker.attempt': attempt,
      'reranker.hedge': hedge,
      'reranker.bytes': bytes,
    },
  };
}

function describe(span: Span, event: Exclude<ClientEvent, { readonly type: 'circuit' }>): void {
  switch (event.type) {
    case 'ranked':
      span.setAttributes({
        'reranker.model': event.model,
        'reranker.tokens': event.totalTokens,
        'reranker.request_ids': [...event.requestIds],
      });
      return;
    case 'passthrough':
      span.setAttribute('reranker.degraded', true);
      span.addEvent('passthrough', { 'error.type': event.error.code });
      return;
    case 'retry':
      span.addEvent('retry', {
        'error.type': event.error.code,
        'reranker.attempt': event.attempt,
        'reranker.delay_ms': event.delayMs,
      });
      return;
    case 'split':
      span.addEvent('split', { 'reranker.requests': event.requests });
      return;
    case 'hedge':
      span.addEvent('hedge');
  }
}

function fail(span: Span, error: unknown): string {
  const type = RerankerError.isInstance(error) ? error.code : 'unexpected';
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : type });
  return type;
}
