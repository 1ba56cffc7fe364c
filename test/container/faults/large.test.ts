import { readFileSync, writeFileSync } from 'node:fs';
import type { RerankResponseBody } from '../../../client/src/wire.js';
import { removeModels, smallModel, words } from '../support/model.js';
import { spawnContainer, startContainer, stopContainers, type ContainerProcess } from '../support/process.js';

const MB = 1e6;

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

/** Process ids of the server and of its inference process. */
async function pidsOf(container: ContainerProcess): Promise<[number, number]> {
  return [container.child.pid!, (await container.logged('inference process ready')).pid as number];
}

/** Bytes that a process holds (VmRSS) or held at its peak (VmHWM); proc(5). */
function bytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return 1024 * Number(line![1]);
}

/** Sets the peak back to what is resident now. */
const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

const resultsOf = ({ json }: { json: unknown }) => (json as RerankResponseBody).results;

describe('a request of 10,000 documents', () => {
  // Each different, of 2 to 31 tokens.
  const documents = Array.from(
    { length: 10_000 },
    (_, i) => `${words('abcdefg', 1 + (i % 30))} ${[...String(i)].join(' ')}`,
  );
  const request = { query: 'a b', documents, raw_scores: true };

  it('is answered best first, every document once and with its own score, in bounded memory', async () => {
    const container = await startContainer(await smallModel());
    expect((await container.rerank({ ...request, documents: documents.slice(0, 500) })).status).toBe(200);
    const pids = await pidsOf(container);
    const before = pids.map((pid) => bytesOf(pid, 'VmRSS'));
    pids.forEach(forgetPeak);

    const first = await container.rerank(request);
    expect(first.status).toBe(200);
    const results = resultsOf(first);
    expect([...results].sort((a, b) => a.index - b.index).map(({ document }) => document!.text)).toEqual(
      documents,
    );
    const scores = results.map(({ relevance_score }) => relevance_score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    // Rounding differs with what shares a batch.
    for (const { index, relevance_score } of results.filter((_, place) => place % 1_000 === 0)) {
      const alone = await container.rerank({ ...request, documents: [documents[index]!] });
      expect(resultsOf(alone)[0]!.relevance_score).toBeCloseTo(relevance_score, 4);
    }

    for (let again = 0; again < 4; again += 1)
      expect((await container.rerank(request)).text).toHaveLength(first.text.length);
    const [server, inference] = pids.map((pid, i) => bytesOf(pid, 'VmHWM') - before[i]!) as [number, number];
    expect(server).toBeLessThan(150 * MB);
    expect(inference).toBeLessThan(50 * MB);
  });

  it('and one more is refused', async () => {
    const container = await startContainer(await smallModel());
    const answer = await container.rerank({ ...request, documents: [...documents, 'x'] });
    expect({ status: answer.status, text: answer.text }).toMatchObject({
      status: 422,
      text: expect.stringContaining('too_many_documents') as string,
    });
  });
});

describe('a document of 8,192 tokens', () => {
  // Wide enough that its batch is counted in tens of megabytes.
  const architecture = { layers: 2, hidden: 96, heads: 12, intermediate: 256 };

  it('is scored whole where 4 GiB are all there is, within the memory that was planned for it', async () => {
    const model = await smallModel({ architecture, maxLength: 8_192 });
    const container = spawnContainer(
      ['serve', '--port', '0', '--threads', '1', '--model', model],
      {},
      { limits: [`--as=${4 * 1024 ** 3}`] },
    );
    await container.logged('ready');
    const plan = await container.logged('memory planned');
    expect(plan).toMatchObject({ maxTokens: 8_192 });
    const [, inference] = await pidsOf(container);
    const before = bytesOf(inference, 'VmRSS');
    forgetPeak(inference);
    const answer = await container.rerank({ query: 'q', documents: [words('ab', 10_000), 'a'] });
    expect(answer.status).toBe(200);
    expect((answer.json as RerankResponseBody).usage.total_tokens).toBeGreaterThan(8_192);
    const grown = bytesOf(inference, 'VmHWM') - before;
    // The plan is not far off: a tenth of it, or twice, would be no plan.
    expect(grown).toBeLessThan(1.25 * (plan.largestBatchBytes as number));
    expect(grown).toBeGreaterThan(0.1 * (plan.largestBatchBytes as number));
  });

  it('is cut to the longest pair that fits where its batch may take less, and the log says so', async () => {
    const model = await smallModel({ architecture, maxLength: 8_192 });
    const container = await startContainer(model, { RERANKER_BATCH_MEMORY_BYTES: String(50 * MB) });
    const { maxTokens } = await container.logged('memory planned', { level: 'warn' });
    expect(maxTokens).toBeLessThan(8_192);
    const answer = await container.rerank({ query: 'q', documents: [words('ab', 10_000)] });
    expect((answer.json as RerankResponseBody).usage.total_tokens).toBe(maxTokens);
  });
});
