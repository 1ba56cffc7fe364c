import {
  type Engine,
  NUMBER_SETTINGS,
  createEngine,
  createLogger,
  resolveSettings,
} from '@sagemaker-reranker/container';
import { number } from '../options.js';
import { table } from '../terminal/table.js';
import { Command } from '../command.js';
import { json, print } from '../terminal/out.js';

/** The settings that are tried against each other. */
const TUNED = ['workers', 'threads', 'batchTokens', 'arena', 'spin', 'bfloat16'] as const;
type Candidate = Readonly<Record<(typeof TUNED)[number], number>>;

interface Trial extends Candidate {
  readonly tokensPerSecond: number;
}

const BATCH_TOKENS = [256, 512, 1_024, 2_048];
const CALLERS = 4;
const DOCUMENTS = 25;

/** `reranker tune`: the settings that score the most tokens a second on this machine. */
export function tuneCommand(): Command {
  return new Command('tune')
    .description('Measure which settings of the container score the most tokens a second on this machine.')
    .option('--model <dir>', 'model directory (default: the embedded demonstration model)')
    .option(
      '--seconds <number>',
      'seconds for each combination',
      number('a number over 0, at most 600', (value) => value > 0 && value <= 600),
      3,
    )
    .option('--json', 'print JSON')
    .action(async (options: { model?: string; seconds: number; json?: boolean }) => {
      const trials: Trial[] = [];
      const { modelDir, workers, threads, ...defaults } = resolveSettings({ modelDir: options.model });
      const attempt = async (candidate: Candidate): Promise<void> => {
        trials.push({ ...candidate, tokensPerSecond: await measure(modelDir, candidate, options.seconds) });
      };
      const cores = workers * threads;
      const best = (): Trial => trials.reduce((a, b) => (b.tokensPerSecond > a.tokensPerSecond ? b : a));
      // One setting after the other, each with the best of those before: all combinations would take minutes.
      for (let n = 1; n <= cores; n *= 2) {
        const { batchTokens, arena, spin, bfloat16 } = defaults;
        await attempt({ workers: n, threads: Math.floor(cores / n), batchTokens, arena, spin, bfloat16 });
      }
      for (const batchTokens of BATCH_TOKENS.filter((each) => each !== defaults.batchTokens)) {
        await attempt({ ...best(), batchTokens });
      }
      await attempt({ ...best(), arena: 0 });
      await attempt({ ...best(), spin: 1 - defaults.spin });
      // ONNX Runtime has these products on arm64 alone, and they change scores a little.
      if (process.arch === 'arm64') await attempt({ ...best(), bfloat16: 1 });
      const environment = Object.fromEntries(
        TUNED.map((name) => [NUMBER_SETTINGS[name].env, String(best()[name])]),
      );
      if (options.json) {
        print(json({ trials, environment }));
        return;
      }
      const rows = trials.map((trial) =>
        [...TUNED, 'tokensPerSecond' as const].map((key) => trial[key].toFixed(0)),
      );
      const headings = ['workers', 'threads', 'batch tokens', 'arena', 'spin', 'bfloat16', 'tokens/s'];
      const columns = headings.map((heading) => ({ heading, align: 'right' as const }));
      const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      print(`${table(columns, rows)}\n\n${lines.join('\n')}`);
    });
}

async function measure(modelDir: string, candidate: Candidate, forSeconds: number): Promise<number> {
  const engine = await createEngine(resolveSettings({ modelDir, ...candidate }), createLogger('silent'));
  try {
    await engine.score(request(0));
    const started = performance.now();
    const until = started + 1_000 * forSeconds;
    const counts = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) => call(engine, caller, until)),
    );
    return (1_000 * counts.reduce((sum, count) => sum + count, 0)) / (performance.now() - started);
  } finally {
    await engine.close();
  }
}

/** Tokens that one caller has scored until then, one request after the other. */
async function call(engine: Engine, caller: number, until: number): Promise<number> {
  let tokens = 0;
  for (let turn = caller; performance.now() < until; turn += CALLERS) {
    tokens += (await engine.score(request(turn))).totalTokens;
  }
  return tokens;
}

/** Documents of 8 to 300 words, most of them short, as a first stage returns passages. */
function request(turn: number): { query: string; documents: string[] } {
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => {
    const words = Math.round(8 * (300 / 8) ** ((i / (DOCUMENTS - 1)) ** 1.3));
    return Array.from({ length: words }, (_, k) => `w${(turn * 31 + i * 7 + k) % 997}`).join(' ');
  });
  return { query: 'how fast is this machine', documents };
}
