import { removeModels, slowModel, smallModel, words } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

let container: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(await smallModel(), { RERANKER_MAX_DOCUMENTS: '20' });
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

function post(body: string, type = 'application/jsonlines', on = container): Promise<Answer> {
  return on.send('/invocations', { body, headers: { 'content-type': type } });
}

const linesOf = (answer: Answer) =>
  answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('JSON lines', () => {
  it('have an answer each, in their order and in the format of each', async () => {
    const requests = Array.from({ length: 30 }, (_, i) => ({
      query: words('abc'.slice(i % 3), 3),
      documents: [words('de', 1 + i), 'x'],
    }));
    const body = requests.map((request) => JSON.stringify(request)).join('\n');
    const answer = await post(`${body}\n\n${JSON.stringify({ query: 'q', texts: ['a'] })}\n`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/jsonlines');
    const lines = linesOf(answer);
    expect(lines).toHaveLength(31);
    for (const [i, request] of requests.entries()) {
      const alone = (await container.rerank(request)).json as Record<string, unknown>;
      expect(lines[i]!.usage).toEqual(alone.usage);
    }
    expect(lines[30]).toEqual([{ index: 0, score: expect.any(Number) as number }]);
  });

  it('tell their own faults and lose no other line', async () => {
    const good = JSON.stringify({ query: 'q', documents: ['a', 'b'] });
    const many = JSON.stringify({ query: 'q', documents: Array(21).fill('a') as string[] });
    const lines = linesOf(await post([good, '{', '[]', many, good].join('\n')));
    expect(lines.map((line) => (line.error as { code: string } | undefined)?.code)).toEqual([
      undefined,
      'invalid_json',
      'invalid_request',
      'too_many_documents',
      undefined,
    ]);
    expect(lines[4]).toEqual(lines[0]);
  });

  it('are told their faults in the format the caller names', async () => {
    const [line] = linesOf(await post('{"query":"q"}', 'application/jsonlines; format=cohere'));
    expect(line).toEqual({
      id: expect.any(String) as string,
      message: 'documents is missing; it must be an array',
    });
  });

  it('wait for room in the queue instead of failing', async () => {
    const narrow = await startContainer(await smallModel(), { RERANKER_QUEUE_TOKENS: '300' });
    const lines = Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({ query: 'q', documents: [words('abcdefghij'.slice(i % 10), 200 + i)] }),
    );
    const answers = linesOf(await post(lines.join('\n'), undefined, narrow));
    expect(answers).toHaveLength(20);
    for (const answer of answers) expect(answer).toHaveProperty('results');
  });

  it('that are not answered in time say so, each', async () => {
    const slow = await startContainer(await slowModel(), { RERANKER_STREAM_DEADLINE_MS: '300' });
    const line = (tag: string) => JSON.stringify({ query: 'q', documents: [words(tag, 6_000)] });
    const answers = linesOf(await post([line('a'), line('b')].join('\n'), undefined, slow));
    expect(answers.map(({ error }) => (error as { code: string }).code)).toEqual(
      Array(2).fill('deadline_exceeded'),
    );
  });

  it('must be there', async () => {
    const answer = await post(' \n\n');
    expect(answer.status).toBe(400);
  });
});

describe('CSV rows', () => {
  it('are answered with a record each', async () => {
    const rows = [
      String.raw`r1,where's the dog,[{\"text\": \"the dog\"}\, {\"text\": \"a cat\"}],1`,
      'r2,q',
      `r3,q,"[""x"", ""y""]"`,
    ];
    const lines = linesOf(await post(`${rows.join('\r\n')}\r\n`, 'text/csv'));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ id: 'r1', results: [{ document: {} }] });
    expect(lines[1]).toMatchObject({ error: { code: 'invalid_request' } });
    expect(lines[2]).toMatchObject({ id: 'r3', results: [{}, {}] });
  });

  it('may hold newlines in quotes, and lose no neighbour of a row at fault', async () => {
    const rows = [
      'r1,"two\nlines, ""quoted""","[""x"",\n""y""]",1',
      'r2,"never closed,[]',
      'r3,two\\\nlines,[\\"x\\"\\, \\"y\\"\\, \\"z\\"]',
    ];
    for (const end of ['\n', '\r\n']) {
      const lines = linesOf(await post(rows.join(end) + end, 'text/csv'));
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatchObject({ id: 'r1', results: [{}] });
      expect(lines[1]).toMatchObject({ error: { code: 'invalid_request' } });
      expect((lines[2]!.results as unknown[]).length).toBe(3);
    }
    expect(container.stderr).toBe('');
  });

  it('are for /invocations only', async () => {
    const answer = await container.send('/v1/rerank', { body: 'a', headers: { 'content-type': 'text/csv' } });
    expect(answer.status).toBe(415);
  });
});
