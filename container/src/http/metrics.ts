import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Engine, Scores } from '../engine/index.js';

/** Seconds: from a single short document to the longest a request may take. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What `/metrics` tells, in the text format of Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#counter('requests_total', 'Answers by route and status.', ['route', 'status']);
  readonly #reranked = this.#counter('reranked_total', 'Requests ranked, by format.', ['format']);
  readonly #documents = this.#counter('documents_total', 'Documents ranked, equal ones included.');
  readonly #tokens = this.#counter('tokens_total', 'Tokens of all ranked pairs.');
  readonly #stages = new Histogram({
    name: 'reranker_stage_seconds',
    help: 'Time of each stage of a request.',
    labelNames: ['stage'],
    buckets: DURATION_BUCKETS,
    registers: [this.#registry],
  });

  /** @param engines - those of all loaded models */
  constructor(engines: () => readonly Engine[]) {
    collectDefaultMetrics({ register: this.#registry });
    const sum = (of: (engine: Engine) => number) => () =>
      engines().reduce((total, engine) => total + of(engine), 0);
    this.#gauge(
      'queue_tokens',
      'Tokens admitted and not yet scored.',
      sum(({ queuedTokens }) => queuedTokens),
    );
    this.#gauge(
      'workers_ready',
      'Inference processes that can score.',
      sum(({ workers }) => workers.ready),
    );
    this.#gauge(
      'worker_deaths',
      'Inference processes that ended unasked.',
      sum(({ workers }) => workers.deaths),
    );
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts the answers of a route. */
  countAnswers(route: string): RequestHandler {
    return (_req, res, next) => {
      res.once('close', () => {
        // 499 as proxies write it: nobody was there to read the answer.
        const status = res.writableFinished ? String(res.statusCode) : '499';
        this.#requests.inc({ route, status });
      });
      next();
    };
  }

  /** Notes a request that was ranked. */
  observe(format: string, scores: Scores): void {
    this.#reranked.inc({ format });
    this.#documents.inc(scores.logits.length);
    this.#tokens.inc(scores.totalTokens);
    for (const [stage, ms] of Object.entries(scores.timings)) this.#stages.observe({ stage }, ms / 1000);
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `reranker_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `reranker_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
