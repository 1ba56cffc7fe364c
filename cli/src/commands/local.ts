import { Option } from 'commander';
import { describeExit, startLocalEndpoint, type LocalEndpoint } from '@sagemaker-reranker/container/local';
import { embeddedModelDirectory, readModelDirectory } from '@sagemaker-reranker/models';
import { Command } from '../command.js';
import { append, shortNames, wholeNumber } from '../options.js';
import { playground, type ServedModel } from '../playground/server.js';
import { colour } from '../terminal/text.js';
import { print, tell } from '../terminal/out.js';

interface LocalOptions {
  readonly port: number;
  readonly model?: readonly string[];
  readonly hosting: 'real-time' | 'asynchronous';
  readonly page: boolean;
  readonly verbose?: boolean;
}

/** Lines of the container's log that tell of no fault. */
const ROUTINE = /^\{"level":"(debug|info)"/;

/** `reranker local`: a SageMaker endpoint on this machine, with a page to try it. */
export function localCommand(): Command {
  return new Command('local')
    .description(
      'Start the container and, before it, an endpoint that speaks the SageMaker Runtime API on 127.0.0.1; at / a page to try it.',
    )
    .option('--port <number>', 'port of the API; 0 lets the system choose', wholeNumber(0, 65_535), 8080)
    .option(
      '--model <dir>',
      'model directory (default: the embedded model); repeatable: the API serves the first, the page compares all',
      append,
    )
    .addOption(
      new Option(
        '--hosting <mode>',
        'an asynchronous endpoint has an object store with the API of S3 at its URL',
      )
        .choices(['real-time', 'asynchronous'])
        .default('real-time'),
    )
    .option('--no-page', 'do not serve the page')
    .action((_, command: Command) => run(command.optsWithGlobals()));
}

async function run({ port, model, hosting, page, verbose }: LocalOptions): Promise<void> {
  const log = (line: string): void => {
    if (verbose || !ROUTINE.test(line)) tell(line);
  };
  const directories = model ?? [embeddedModelDirectory()];
  const descriptions = await Promise.all(directories.map(readModelDirectory));
  const models: ServedModel[] = [];
  const handle = playground(models);
  const running: LocalEndpoint[] = [];
  const closeAll = async (): Promise<void> => {
    await Promise.all(running.map((each) => each.close()));
  };
  let stopping = false;
  const stop = (): void => {
    stopping = true;
    void closeAll();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    for (const [i, [name, modelDirectory]] of shortNames(directories).entries()) {
      const first = i === 0 ? { port, hosting, intercept: page ? handle : undefined } : { port: 0 };
      const endpoint = await startLocalEndpoint({ ...first, modelDirectory, log });
      running.push(endpoint);
      if (stopping) return;
      const description = descriptions[i]!;
      models.push({ name, directory: modelDirectory, containerUrl: endpoint.containerUrl, description });
    }
    const { url } = running[0]!;
    if (page) print(colour.bold(`Playground: ${url}/`));
    print(`SageMaker Runtime API at ${url}; any endpoint name works. Try:\n${example(url, hosting)}`);
    const exit = await Promise.race(running.map(({ exited }) => exited));
    if (!stopping) throw new Error(`the container ended: ${describeExit(exit)}`);
  } finally {
    await closeAll();
  }
}

function example(url: string, hosting: LocalOptions['hosting']): string {
  const body =
    '{"query":"how do I cache results?","documents":["Redis keeps values in memory.","A cat sat."]}';
  if (hosting === 'real-time') {
    return `  curl -s ${url}/endpoints/any/invocations -H 'content-type: application/json' -d '${body}'`;
  }
  const submit = `curl -si ${url}/endpoints/any/async-invocations -H 'x-amzn-sagemaker-content-type: application/json' -d '${body}'`;
  return `  ${submit}\nthen fetch s3://BUCKET/KEY of its x-amzn-sagemaker-outputlocation from ${url}/BUCKET/KEY`;
}
