import { Option } from 'commander';
import { describeExit, startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { wholeNumber } from '../options.js';
import { Command } from '../command.js';

interface LocalOptions {
  readonly port: number;
  readonly model?: string;
  readonly hosting: 'real-time' | 'asynchronous';
  readonly quiet?: boolean;
}

/** `reranker local`: a SageMaker endpoint on this machine. */
export function localCommand(): Command {
  return new Command('local')
    .description(
      'Start the container and, before it, an endpoint that speaks the SageMaker Runtime API on 127.0.0.1.',
    )
    .option('--port <number>', 'port of the API; 0 lets the system choose', wholeNumber(0, 65_535), 8080)
    .option('--model <dir>', 'model directory (default: the embedded demonstration model)')
    .addOption(
      new Option(
        '--hosting <mode>',
        'an asynchronous endpoint has an object store with the API of S3 at its URL',
      )
        .choices(['real-time', 'asynchronous'])
        .default('real-time'),
    )
    .option('--quiet', 'do not print what the container logs')
    .action(async ({ port, model, hosting, quiet }: LocalOptions) => {
      const endpoint = await startLocalEndpoint({
        port,
        hosting,
        ...(model !== undefined && { modelDirectory: model }),
        ...(!quiet && { log: (line: string) => process.stderr.write(`${line}\n`) }),
      });
      process.stdout.write(
        `SageMaker Runtime API at ${endpoint.url}; any endpoint name works. Try:\n${example(endpoint.url, hosting)}\n`,
      );
      let stopping = false;
      const stop = (): void => {
        stopping = true;
        void endpoint.close();
      };
      process.on('SIGTERM', stop);
      process.on('SIGINT', stop);
      const exit = await endpoint.exited;
      if (stopping) return;
      await endpoint.close();
      throw new Error(`the container ended: ${describeExit(exit)}`);
    });
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
