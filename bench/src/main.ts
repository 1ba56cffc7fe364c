/** `npm run bench -- NAME [--json]`: prints the figures of one benchmark. */
import { cpus } from 'node:os';
import { Command } from 'commander';
import { suites } from './index.js';
import { describeFigure, figureLine } from './figure.js';
import type { SuiteOptions } from './suite.js';

async function run(name: string, { json, ...options }: SuiteOptions & { json?: true }): Promise<void> {
  const suite = suites[name];
  if (!suite) {
    throw new Error(
      `there is no benchmark ${JSON.stringify(name)}; there are: ${Object.keys(suites).join(', ')}`,
    );
  }
  const note = (line: string): void => void process.stderr.write(`# ${line}\n`);
  note(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`);
  await suite.run(
    (figure) => {
      process.stdout.write(`${json ? JSON.stringify(figureLine(figure)) : describeFigure(figure)}\n`);
    },
    note,
    options,
  );
}

const list = Object.entries(suites).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`);
new Command('bench')
  .description(`Measures this project on this machine.\n\n${list.join('\n')}`)
  .argument('<name>', 'the benchmark to run')
  .option('--json', 'one JSON object a line: name, value, unit, target, meets')
  .option('--tei <url>', 'peers: the server to measure beside')
  .option('--model <dir>', 'peers: the model directory that the container serves')
  .option('--encoders <dir>', 'models-real: sentence encoders of BERT structure, a folder each')
  .option('--collections <dir>', 'models-real: two collections in BEIR layout, a folder each')
  .option(
    '--python <file>',
    'models-real: a Python with torch, transformers and onnxruntime: quantize_dynamic is measured too',
  )
  .action(run)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
