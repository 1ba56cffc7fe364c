import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { ErrorBody, RerankResponseBody } from '../../../client/src/wire.js';
import { until } from '../../support/until.js';
import { removeModels, slowModel, smallModel, words } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const codeOf = (answer: Answer) => (answer.json as ErrorBody).error.code;

/** Process id of the inference process that is ready now. */
const workerOf = (container: ContainerProcess): number =>
  container.log.findLast(({ msg }) => msg === 'inference process ready')!.pid as number;

/** Scores in the order of the documents. */
const scoresOf = (answer: Answer): number[] =>
  [...(answer.json as RerankResponseBody).results]
    .sort((a, b) => a.index - b.index)
    .map(({ relevance_score }) => relevance_score);

/** Rounding differs with what shares a batch. */
function expectScores(answer: Answer, expected: readonly number[]): void {
  const scores = scoresOf(answer);
  expect(scores).toHaveLength(expected.length);
  scores.forEach((score, i) => expect(score).toBeCloseTo(expected[i]!, 4));
}

/** Whether a request is admitted and not yet scored. */
async function waits(container: ContainerProcess): Promise<boolean> {
  const { text } = await container.send('/metrics', { method: 'GET', headers: {} });
  return !/^reranker_queue_tokens 0$/m.test(text);
}

describe('an inference process that ends', () => {
  it('again and again costs no request its answer, and none the wrong one', async () => {
    const container = await startContainer(await smallModel());
    const request = { query: 'q', documents: Array.from({ length: 60 }, (_, i) => words('abcd', 1 + i)) };
    const expected = scoresOf(await container.rerank(request));
    let stop = false;
    const answers: Answer[] = [];
    const callers = Array.from({ length: 8 }, async () => {
      while (!stop) answers.push(await container.rerank(request));
    });
    for (let kills = 1; kills <= 5; kills += 1) {
      const pid = workerOf(container);
      process.kill(pid, 'SIGKILL');
      await until(() => workerOf(container) !== pid);
      const { length } = answers;
      await until(() => answers.length > length);
    }
    stop = true;
    await Promise.all(callers);
    for (const answer of answers) {
      if (answer.status === 200) expectScores(answer, expected);
      // The same batch was lost twice.
      else
        expect({ status: answer.status, code: codeOf(answer) }).toEqual({
          status: 500,
          code: 'worker_crashed',
        });
    }
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expectScores(await container.rerank(request), expected);
    expect((await container.ping()).status).toBe(200);
    expect(container.log.filter(({ msg }) => msg === 'inference process ended')).toHaveLength(5);
  });

  it('twice on the same batch fails its request with 500, and the next is answered', async () => {
    const container = await startContainer(await slowModel());
    let answered = false;
    const lost = container
      .rerank({ query: 'q', documents: [words('ab', 8_000)] })
      .finally(() => (answered = true));
    // On a busy machine the first may fall before the batch has begun.
    for (let kills = 0; !answered; kills += 1) {
      expect(kills).toBeLessThan(10);
      const pid = workerOf(container);
      await until(async () => answered || (await waits(container)));
      if (!answered) process.kill(pid, 'SIGKILL');
      await until(() => answered || workerOf(container) !== pid);
    }
    const answer = await lost;
    expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status: 500, code: 'worker_crashed' });
    expect((await container.rerank({ query: 'q', documents: ['x'] })).status).toBe(200);
  });
});

describe('an inference process out of memory', () => {
  it('fails the request that needed it with 500 and goes on with the rest', async () => {
    const wide = { layers: 1, hidden: 512, heads: 8, intermediate: 1_024 };
    const container = await startContainer(await smallModel({ architecture: wide, maxLength: 8_192 }));
    const pid = workerOf(container);
    const used = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[0]) * 4_096;
    // What it holds and no more; the rows of 6,000 tokens take 12 MB, and their queries, keys and values as much again.
    execFileSync('prlimit', ['--pid', String(pid), `--as=${used}`]);
    const documents = [words('ab', 6_000), words('ac', 6_000)];
    const large = container.rerank({ query: 'q', documents });
    const small = Array.from({ length: 20 }, () => container.rerank({ query: 'q', documents: ['a b'] }));
    const answer = await large;
    // An answer of 200 is the second attempt's, in the process that took the lost one's place.
    if (answer.status === 200) {
      await container.logged('inference process ended');
    } else {
      const code = codeOf(answer);
      expect(['inference_failed', 'worker_crashed']).toContain(code);
      expect(await container.logged('refused', { code })).toMatchObject({ status: 500, level: 'error' });
    }
    for (const each of await Promise.all(small)) expect(each.status).toBe(200);
    expect((await container.ping()).status).toBe(200);
  });
});

describe('a model file that disappears', () => {
  it('does not matter to a running server; once its process ends, 503 says so until the file is back', async () => {
    const directory = await smallModel();
    const container = await startContainer(directory);
    const file = path.join(directory, 'model.onnx');
    await rename(file, `${file}.away`);
    expect((await container.rerank({ query: 'q', documents: ['a'] })).status).toBe(200);

    process.kill(workerOf(container), 'SIGKILL');
    const waiting = container.rerank({ query: 'q', documents: ['b'] });
    await container.logged('inference process could not be replaced');
    const line = container.log.find(({ msg }) => msg === 'inference process could not be replaced');
    expect(line).toMatchObject({ level: 'error', reason: expect.stringContaining('model.onnx') as string });
    for (const answer of [
      await waiting,
      await container.rerank({ query: 'q', documents: ['c'] }),
      await container.ping(),
    ]) {
      expect({ status: answer.status, code: codeOf(answer) }).toEqual({
        status: 503,
        code: 'model_unavailable',
      });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }

    await rename(`${file}.away`, file);
    await until(async () => (await container.ping()).status === 200);
    expect((await container.rerank({ query: 'q', documents: ['a'] })).status).toBe(200);
  });
});
