import { removeModels, smallModel } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

let container: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(await smallModel());
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const send = (body: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
  container.send('/invocations', { body, headers });
const json = (value: unknown, type = 'application/json') =>
  send(JSON.stringify(value), { 'content-type': type });

/** Scores of documents in the order of the request, by the format of the client. */
async function scores(query: string, documents: readonly string[]): Promise<number[]> {
  const { results } = (await json({ query, documents })).json as {
    results: { index: number; relevance_score: number }[];
  };
  return results.sort((a, b) => a.index - b.index).map(({ relevance_score: score }) => score);
}

describe('pairs of a query and a document', () => {
  const pairs = [
    ['the fox', 'the fox runs'],
    ['a den', 'in the den'],
    ['the fox', 'a b c'],
  ] as const;

  it('are scored in their order, each with its own query, in every format that has them', async () => {
    const expected = [
      ...(await scores('the fox', ['the fox runs'])),
      ...(await scores('a den', ['in the den'])),
      ...(await scores('the fox', ['a b c'])),
    ];
    const close = (values: number[]) => {
      expect(values).toHaveLength(3);
      values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    };
    const classified = await json({ inputs: pairs.map(([text, text_pair]) => ({ text, text_pair })) });
    close((classified.json as unknown as { score: number }[]).map(({ score }) => score));
    close(((await json({ text_pairs: pairs })).json as { scores: number[] }).scores);
    const dify = { inputs: pairs.map(([query]) => query), docs: pairs.map(([, document]) => document) };
    close(((await json(dify)).json as { scores: number[] }).scores);
    const score = { text_1: pairs.map(([query]) => query), text_2: pairs.map(([, document]) => document) };
    close(((await json(score)).json as { data: { score: number }[] }).data.map((each) => each.score));
    const csv = await send(pairs.map((pair) => pair.join(',')).join('\n'), { 'content-type': 'text/csv' });
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    close(csv.text.trimEnd().split('\n').map(Number));
  });

  it('of text classification may stand outside a list, and so does the answer: OpenSearch reads $.score', async () => {
    const [expected] = await scores('the fox', ['the fox runs']);
    const alone = { text: 'the fox', text_pair: 'the fox runs' };
    const { json: answer } = await json({ inputs: alone });
    expect(answer).toEqual({ label: 'LABEL_0', score: expect.closeTo(expected!, 5) as number });
    expect((await json({ inputs: [alone] })).json).toEqual([answer]);
    const lines = await send(`${JSON.stringify({ inputs: alone })}\n`, {
      'content-type': 'application/jsonlines',
    });
    expect(JSON.parse(lines.text)).toEqual(answer);
    const faulty = await json({ inputs: { text: 'the fox' } });
    expect(faulty.json).toMatchObject({ error: { details: { path: 'inputs.text_pair' } } });
  });

  it('may be one text with several, on either side', async () => {
    const documents = ['the fox runs', 'a b c'];
    const right = await scores('the fox', documents);
    const { data } = (
      await container.send('/v1/score', {
        body: JSON.stringify({ queries: 'the fox', items: documents }),
        headers: { 'content-type': 'application/json' },
      })
    ).json as { data: { index: number; score: number }[] };
    expect(data.map(({ index }) => index)).toEqual([0, 1]);
    data.forEach(({ score }, i) => expect(score).toBeCloseTo(right[i]!, 5));
    const uneven = await json({ text_1: ['a', 'b'], text_2: ['a', 'b', 'c'] });
    expect(uneven.json).toMatchObject({ error: { details: { path: 'text_1' } } });
  });
});

describe('rows of SQL engines', () => {
  it('keep their places, one at fault as text that is no number', async () => {
    const rows = ['the fox,the fox runs', 'one column', '"the ""fox""","a, b"', ',no query', 'the fox,'];
    const { text, status } = await send(`\ufeff${rows.join('\r\n')}\r\n`, { 'content-type': 'text/csv' });
    const lines = text.trimEnd().split('\n');
    expect([status, lines.length]).toEqual([200, 5]);
    expect(lines.map((line) => Number.isFinite(Number(line)))).toEqual([true, false, true, false, true]);
    expect(lines[1]).toMatch(/^"error: invalid_request: the row has 1 column; /);
    expect(Number(lines[4])).toBeLessThan(1e-40);
  });

  it('are records with one number for each document where the caller accepts CSV', async () => {
    const rows = ['r1,the fox,"[""the fox runs"", ""a b c""]"', 'r2,the fox,"[""a b c""]",1'];
    const { text } = await send(rows.join('\n'), { 'content-type': 'text/csv', accept: 'text/csv' });
    const [first, second] = text.trimEnd().split('\n');
    const expected = await scores('the fox', ['the fox runs', 'a b c']);
    first!.split(',').forEach((score, i) => expect(Number(score)).toBeCloseTo(expected[i]!, 5));
    expect(second).toMatch(/top_n has no meaning/);
  });

  it('are more than fit in one request of the engine', async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => `the fox,document ${i % 7}`);
    const { text } = await send(rows.join('\n'), { 'content-type': 'text/csv' });
    const lines = text.trimEnd().split('\n').map(Number);
    expect(lines).toHaveLength(1_000);
    for (const [i, score] of lines.entries()) expect(score).toBeCloseTo(lines[i % 7]!, 5);
  });
});

describe('what SDKs send where nobody names it', () => {
  const body = JSON.stringify({ query: 'q', documents: ['a'] });

  it.each([
    'application/octet-stream',
    '',
    'text/json',
    'application/json; charset=us-ascii',
    'application/json;charset=UTF-8',
  ])('the content type %j is JSON', async (type) => {
    expect((await send(body, { 'content-type': type })).status).toBe(200);
  });

  it.each(['application/x-jsonlines', 'application/ndjson', 'application/x-ndjson'])(
    'the content type %j is JSON lines',
    async (type) => {
      expect(
        (await send(`${body}\n${body}\n`, { 'content-type': type })).text.trimEnd().split('\n'),
      ).toHaveLength(2);
    },
  );

  it.each([
    ['application/jsonlines;q=0, application/json', 'application/json'],
    ['application/jsonlines;q=0.5, application/json;q=0.4', 'application/jsonlines'],
    ['application/jsonlines;q=0.4, application/json;q=0.5', 'application/json'],
    ['application/json, application/jsonlines', 'application/json'],
    ['application/jsonlines, application/json', 'application/jsonlines'],
    ['application/*', 'application/json'],
    ['*/*, application/jsonlines;q=0', 'application/json'],
    ['image/png', 'application/json'],
  ])('the accepted %j is answered as %s', async (accept, type) => {
    const answer = await send(body, { 'content-type': 'application/json', accept });
    expect(String(answer.headers['content-type']).split(';')[0]).toBe(type);
  });
});

describe('texts', () => {
  it('may start with a byte order mark, in JSON, lines and CSV', async () => {
    const body = JSON.stringify({ query: 'q', documents: ['a'] });
    expect((await send(`\ufeff${body}`, { 'content-type': 'application/json' })).status).toBe(200);
    const lines = await send(`\ufeff${body}\n${body}`, { 'content-type': 'application/jsonlines' });
    expect(lines.text).not.toContain('error');
    const csv = await send('\ufeff7,q,"[""a""]"\n', { 'content-type': 'text/csv' });
    expect(JSON.parse(csv.text)).toMatchObject({ id: '7' });
  });

  it('are refused where their bytes are not UTF-8', async () => {
    const bytes = Buffer.from('{"query":"caf\xe9","documents":["caf\xe9"]}', 'latin1');
    const answer = await container.send('/invocations', {
      body: bytes,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: { message: expect.stringContaining('UTF-8') as string } },
    ]);
    const row = await container.send('/invocations', {
      body: Buffer.concat([Buffer.from('q,a\n'), Buffer.from('q,caf\xe9\n', 'latin1'), Buffer.from('q,b\n')]),
      headers: { 'content-type': 'text/csv' },
    });
    expect(row.text.split('\n')[1]).toMatch(/UTF-8/);
    expect(Number(row.text.split('\n')[2])).toBeGreaterThan(0);
  });

  it('that are empty come last, and are refused where the setting says so', async () => {
    const documents = ['', 'the fox runs', ' \u200b\t', 'a b c'];
    const { results } = (await json({ query: 'the fox', documents })).json as {
      results: { index: number }[];
    };
    expect(results.slice(2).map(({ index }) => index)).toEqual([0, 2]);
    const strict = await startContainer(await smallModel(), { RERANKER_REFUSE_BLANK: '1' });
    const refused = await strict.rerank({ query: 'the fox', documents });
    expect([refused.status, refused.json]).toMatchObject([
      422,
      { error: { details: { path: 'documents[0]' } } },
    ]);
    expect((await json({ query: '\u200b', documents })).status).toBe(422);
  });
});
