import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

let container: ContainerProcess;
beforeAll(async () => {
  container = await startContainer(embeddedModelDirectory());
});
afterAll(stopContainers);

/** The answer, and how many pings were answered on the way: a starved server answers none, however slow the machine. */
async function withPings(sending: Promise<Answer>): Promise<{ answer: Answer; pings: number }> {
  let answered = false;
  void sending.finally(() => (answered = true));
  let pings = 0;
  while (!answered) {
    expect((await container.ping()).status).toBe(200);
    pings += 1;
  }
  return { answer: await sending, pings };
}

const bodies: [string, string, string][] = [
  ['CSV rows of one column', 'text/csv', 'only one column\n'.repeat(100_000)],
  ['CSV rows of four columns that are none', 'text/csv', 'a,b,c,d\n'.repeat(100_000)],
  ['pairs without a query', 'text/csv', `q,a\n${',a\n'.repeat(100_000)}`],
  ['JSON lines without a query', 'application/jsonlines', '{"documents":["a"]}\n'.repeat(100_000)],
  ['lines that are no JSON', 'application/jsonlines', '{\n'.repeat(100_000)],
];

it.each(bodies)(
  '100,000 %s are answered each, with pings between and one line in the log',
  async (_what, type, body) => {
    const before = container.log.length;
    const { answer, pings } = await withPings(
      container.send('/invocations', { body, headers: { 'content-type': type } }),
    );
    const lines = body.trimEnd().split('\n').length;
    expect(answer.text.trimEnd().split('\n')).toHaveLength(lines);
    expect(pings).toBeGreaterThan(10);
    const requestId = answer.headers['x-request-id'];
    const told = await container.logged('reranked', { requestId });
    expect(told).toMatchObject({ faults: { length: 5 } });
    expect(Number(told.refused)).toBeGreaterThanOrEqual(100_000);
    expect(container.log.slice(before).length).toBeLessThan(5);
  },
);

it.each([
  ['pairs', 'text/csv', 'a query,a document\n'.repeat(300), { lines: 300, documents: 300, refused: 0 }],
  [
    'records of which one is at fault',
    'application/jsonlines',
    `${'{"query":"a query","documents":["a","b"]}\n'.repeat(40)}{`,
    {
      lines: 41,
      documents: 80,
      scoredDocuments: 80,
      refused: 1,
      faults: [{ line: 41, code: 'invalid_json' }],
    },
  ],
])('a batch of %s has one line in the log', async (_what, type, body, expected) => {
  const { headers } = await container.send('/invocations', { body, headers: { 'content-type': type } });
  const requestId = headers['x-request-id'];
  expect(await container.logged('reranked', { requestId })).toMatchObject(expected);
  expect(container.log.filter((line) => line.requestId === requestId)).toHaveLength(1);
});
