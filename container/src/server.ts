import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEngine, type Engine } from './engine/index.js';
import { RequestError } from './errors.js';
import { createApp } from './http/app.js';
import { answerClientErrors } from './http/client-errors.js';
import { Metrics } from './http/metrics.js';
import { createLogger, type Logger } from './log.js';
import { LoadedModels } from './loaded-models.js';
import type { ChosenName, Settings } from './settings.js';

/** Idle connections outlive the pools of load balancers, which keep theirs for about a minute. */
const KEEP_ALIVE_MS = 75_000;
/** Headers are a few packets at most. */
const HEADERS_MS = 10_000;
/** How often connections are looked at for one that is too slow. */
const CHECK_MS = 1_000;

export interface RunningServer {
  /** The port it listens on, also where the setting was 0. */
  readonly port: number;
  /**
   * Resolves when the model is loaded and `/ping` answers 200; on a multi-model endpoint at once.
   * Rejects with ModelError when the model cannot be used; the server is closed then.
   */
  readonly ready: Promise<void>;
  /** Takes no new work, finishes what is in flight within `drainMs`, fails the rest, and ends all processes. Idempotent. */
  close(): Promise<void>;
}

/**
 * Listens, then loads the model: `/ping` answers 503 in between.
 * @throws Error of the system (EADDRINUSE, EACCES) when it cannot listen.
 */
export async function startServer(
  settings: Settings,
  logger: Logger = createLogger(settings.logLevel),
): Promise<RunningServer> {
  let engine: Engine | undefined;
  let closed: Promise<void> | undefined;
  const shutdown = new AbortController();
  // One for each request in flight, by design.
  setMaxListeners(0, shutdown.signal);
  const models = settings.multiModel ? new LoadedModels(settings, logger) : undefined;
  const app = createApp({
    settings,
    logger,
    metrics: new Metrics(() => models?.engines() ?? (engine === undefined ? [] : [engine])),
    engine: () => engine,
    models,
    draining: () => closed !== undefined,
    shutdown: shutdown.signal,
  });
  const http = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: settings.deadlineMs,
      headersTimeout: Math.min(HEADERS_MS, settings.deadlineMs),
      connectionsCheckingInterval: CHECK_MS,
      // The application refuses such a request itself, with a body that says why.
      requireHostHeader: false,
    },
    app,
  );
  http.on('clientError', answerClientErrors(logger));
  const inFlight = trackInFlight(http);
  const port = await listen(http, settings);
  const started = performance.now();
  logger.info({ port, host: settings.host, ...chosen(settings) }, 'listening');
  for (const [setting, reason] of Object.entries(settings.reasons)) {
    logger.info({ setting, value: settings[setting as ChosenName], reason }, 'setting chosen');
  }

  const loading = models === undefined ? createEngine(settings, logger) : Promise.resolve(undefined);
  const close = (): Promise<void> =>
    (closed ??= drain(http, inFlight, settings, shutdown, logger).then(async () => {
      await loading.then(
        (loaded) => loaded?.close(),
        () => undefined,
      );
      await models?.close();
    }));
  const ready = loading.then(
    (loaded) => {
      engine = loaded;
      const { name, parameters, precision, max_length: maxTokens } = loaded?.manifest ?? {};
      logger.info(
        { model: name, parameters, precision, maxTokens, ms: Math.round(performance.now() - started) },
        'ready',
      );
    },
    async (error: Error) => {
      logger.fatal({ reason: error.message }, 'the model cannot be loaded');
      await close();
      throw error;
    },
  );
  // A caller that does not wait for it learns of a failure from the log; an unhandled rejection would end the process.
  ready.catch(() => undefined);
  return { port, ready, close };
}

function chosen(settings: Settings): Partial<Settings> {
  const { modelDir, workers, threads, batchTokens, queueTokens, deadlineMs } = settings;
  return { modelDir, workers, threads, batchTokens, queueTokens, deadlineMs };
}

function listen(http: Server, settings: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    // Without an address: all of them, of IPv6 and of IPv4.
    http.listen(settings.port, settings.host === '' ? undefined : settings.host, () => {
      http.off('error', reject);
      resolve((http.address() as AddressInfo).port);
    });
  });
}

interface InFlight {
  count(): number;
  /** Resolves when nothing is in flight. */
  none(): Promise<void>;
}

function trackInFlight(http: Server): InFlight {
  let count = 0;
  let waiting: (() => void)[] = [];
  http.on('request', (_req, res) => {
    count += 1;
    res.once('close', () => {
      count -= 1;
      if (count > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    });
  });
  return {
    count: () => count,
    none: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

async function drain(
  http: Server,
  inFlight: InFlight,
  settings: Settings,
  shutdown: AbortController,
  logger: Logger,
): Promise<void> {
  logger.info({ inFlight: inFlight.count() }, 'draining');
  // It still listens while requests are in flight, so that callers are told 503 instead of finding nobody there.
  http.closeIdleConnections();
  const timer = setTimeout(() => {
    logger.warn({ inFlight: inFlight.count() }, 'requests outlasted the drain');
    shutdown.abort(new RequestError('draining', 'the container shut down before the request was finished'));
    // Bodies that still trickle in have no answer to wait for.
    setImmediate(() => http.closeIdleConnections());
    setTimeout(() => http.closeAllConnections(), 500).unref();
  }, settings.drainMs);
  await inFlight.none();
  clearTimeout(timer);
  http.close();
  http.closeAllConnections();
  logger.info('drained');
}
