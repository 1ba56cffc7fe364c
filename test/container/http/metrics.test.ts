import { removeModels, smallModel } from '../support/model.js';
import { startContainer, stopContainers, type ContainerProcess } from '../support/process.js';

let container: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(await smallModel());
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

/** Value of each sample by its name and labels. */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const answer = await container.send('/metrics', { method: 'GET', headers: {} });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = answer.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

describe('/metrics', () => {
  it('counts answers, formats, documents and tokens', async () => {
    const before = await samples();
    expect(before.get('reranker_workers_ready')).toBe(1);
    const answer = await container.rerank({ query: 'q', documents: ['a', 'b', 'a'] });
    const { usage } = answer.json as { usage: { total_tokens: number } };
    await container.send('/rerank', { body: JSON.stringify({ query: 'q', texts: ['a'] }) });
    await container.rerank({});
    const after = await samples();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown('reranker_requests_total{route="/invocations",status="200"}')).toBe(1);
    expect(grown('reranker_requests_total{route="/invocations",status="422"}')).toBe(1);
    expect(grown('reranker_requests_total{route="/rerank",status="200"}')).toBe(1);
    expect(grown('reranker_reranked_total{format="tei"}')).toBe(1);
    expect(grown('reranker_documents_total')).toBe(4);
    expect(grown('reranker_tokens_total')).toBe(usage.total_tokens + 6);
    expect(grown('reranker_stage_seconds_count{stage="inference"}')).toBe(2);
    expect(after.get('reranker_queue_tokens')).toBe(0);
  });

  it('tells when an inference process died', async () => {
    const { pid } = await container.logged('inference process ready');
    process.kill(pid as number, 'SIGKILL');
    await container.logged('inference process ended');
    expect((await samples()).get('reranker_worker_deaths')).toBe(1);
  });
});

describe('/execution-parameters', () => {
  it('tells batch transform how to call', async () => {
    const answer = await container.send('/execution-parameters', { method: 'GET', headers: {} });
    expect(answer.json).toEqual({
      MaxConcurrentTransforms: 2,
      BatchStrategy: 'MultiRecord',
      MaxPayloadInMB: 25,
    });
    expect((await container.send('/execution-parameters')).status).toBe(405);
  });
});
