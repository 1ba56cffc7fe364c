import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AwsAnswer } from '../aws.js';
import { invoke, withFiles } from '../invoke.js';
import { stepsOf } from './step.js';

export const serverlessSteps = stepsOf('serverless', [
  {
    id: 'serverless',
    claim: 'A serverless endpoint answers, its start included.',
    instanceHours: 0,
    minutes: 12,
    async run(rehearsal) {
      await rehearsal.deploy('serverless', { consumers: 'function,batch' });
      return invoke(rehearsal.aws, rehearsal.endpointName('serverless'));
    },
  },
  {
    id: 'more-concurrency',
    claim: 'A deployment raises the number of requests that a serverless endpoint serves at once.',
    instanceHours: 0,
    minutes: 10,
    async run(rehearsal) {
      await rehearsal.deploy('serverless', { consumers: 'function,batch', maxConcurrency: 8 });
      await rehearsal.inService('serverless');
      return invoke(rehearsal.aws, rehearsal.endpointName('serverless'));
    },
  },
  {
    id: 'function',
    claim: 'The function that callers may have reranks.',
    instanceHours: 0,
    minutes: 2,
    async run(rehearsal) {
      const functionName = await rehearsal.output('serverless', 'FunctionName');
      return withFiles(async (directory) => {
        const [event, answer] = ['event.json', 'answer.json'].map((name) => path.join(directory, name));
        await writeFile(event!, '{"query":"ping","documents":["pong","a ball"]}');
        const options = { functionName, payload: `fileb://${event}` };
        const { FunctionError } = await rehearsal.aws.call<{ FunctionError?: string }>(
          'lambda',
          'invoke',
          options,
          answer!,
        );
        const text = await readFile(answer!, 'utf8');
        if (FunctionError !== undefined)
          throw new AwsAnswer('aws lambda invoke', `${FunctionError}: ${text.slice(0, 200)}`);
        const { results } = JSON.parse(text) as { results: unknown[] };
        return `${results.length} documents ranked`;
      });
    },
  },
  {
    id: 'batch',
    claim: 'A batch answers every line below its prefix.',
    instanceHours: 0.5,
    minutes: 20,
    async run(rehearsal) {
      const { aws } = rehearsal;
      const bucket = await rehearsal.output('serverless', 'BatchBucket');
      const stateMachineArn = await rehearsal.output('serverless', 'BatchStateMachineArn');
      await withFiles(async (directory) => {
        const body = path.join(directory, 'requests.jsonl');
        await writeFile(body, '{"query":"ping","documents":["pong"]}\n'.repeat(3));
        await aws.call('s3api', 'put-object', { bucket, key: 'input/rehearsal/requests.jsonl', body });
      });
      const input = '{"prefix":"input/rehearsal/"}';
      const { executionArn } = await aws.call<{ executionArn: string }>('stepfunctions', 'start-execution', {
        stateMachineArn,
        input,
      });
      const { status, cause } = await aws.until('the end of the batch', 30, async () => {
        const execution = await aws.call<{ status: string; cause?: string }>(
          'stepfunctions',
          'describe-execution',
          { executionArn },
        );
        return execution.status === 'RUNNING' ? undefined : execution;
      });
      if (status !== 'SUCCEEDED') throw new Error(`${status}: ${cause ?? 'no cause given'}`);
      await rehearsal.destroy('serverless');
      return '3 lines, succeeded';
    },
  },
]);
