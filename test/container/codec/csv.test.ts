import fc from 'fast-check';
import { decodeRow, rowsOf } from '../../../container/src/codec/index.js';
import { RequestError } from '@sagemaker-reranker/container';

const bare = (text: string) => text.replace(/[\\,"\r\n]/g, '\\$&');
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('decodeRow', () => {
  it('reads the rows that jina-sagemaker writes', () => {
    const row = String.raw`07937c,where's the dog,[{\"text\": \"the dog\"}\, {\"text\": \"a cat\"}],2`;
    expect(decodeRow(row)).toEqual({
      data: {
        id: '07937c',
        query: "where's the dog",
        documents: [{ text: 'the dog' }, { text: 'a cat' }],
        top_n: 2,
      },
    });
  });

  it('gives back any texts, bare or quoted, with and without top_n', () => {
    const text = fc.string({ unit: fc.constantFrom(...'a "\\,[]\r\n', '\u00e4') });
    const style = fc.constantFrom(bare, quoted);
    fc.assert(
      fc.property(text, text, fc.array(text), style, fc.option(fc.nat()), (id, query, texts, write, top) => {
        // A bare field that starts with a quote is written with a backslash before it.
        const cells = [id, query, JSON.stringify(texts)].map(write);
        const row = [...cells, ...(top === null ? [] : [String(top)])].join(',');
        const expected = { id, query, documents: texts, ...(top !== null && { top_n: top }) };
        expect(decodeRow(row)).toEqual({ data: expected });
      }),
    );
  });

  it.each([
    ['a,b', ''],
    ['a,b,[],1,2', ''],
    ['a,b,[', 'documents'],
    ['a,b,{}', 'documents'],
    ['a,b,[],x', 'top_n'],
    ['"a,b,[]', ''],
    ['"a"b,c,[]', ''],
  ])('refuses %j', (row, path) => {
    expect(() => decodeRow(row)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: expect.objectContaining({ path }) as object,
      }) as Error,
    );
  });

  it.each(['7,b', '7,b,[],1,2', '7,b,[', '7,b,{}', '7,b,[],x'])('names the row %j by its id', (row) => {
    const named = expect.objectContaining({
      details: expect.objectContaining({ id: '7' }) as object,
    }) as Error;
    expect(() => decodeRow(row)).toThrow(named);
  });

  it('accepts or refuses any line with a RequestError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\\', '[', ']', '1') }), (line) => {
        try {
          decodeRow(line);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
        }
      }),
    );
  });
});

const rows = (body: string) => [...rowsOf(Buffer.from(body))].map(String);

describe('rowsOf', () => {
  it('keeps newlines, doubled quotes and commas of quoted fields, with either end of line', () => {
    const first = '1,"two\nlines, ""quoted""\r\nand three","[""a"",\n""b""]",2';
    const second = String.raw`2,q,[\"c\"]`;
    for (const end of ['\n', '\r\n']) {
      expect(rows([first, second, ''].join(end))).toEqual([first, second]);
      expect(rows([first, second].join(end))).toEqual([first, second]);
    }
    expect(decodeRow(first)).toEqual({
      data: { id: '1', query: 'two\nlines, "quoted"\r\nand three', documents: ['a', 'b'], top_n: 2 },
    });
  });

  it('keeps newlines behind a backslash in a bare field, as pandas writes them without quotes', () => {
    const row = '1,two\\\nlines,[\\"a\\"]';
    expect(rows(`${row}\n2,q,[]\n`)).toEqual([row, '2,q,[]']);
    expect(decodeRow(row)).toEqual({ data: { id: '1', query: 'two\nlines', documents: ['a'] } });
  });

  it('gives back any rows, however each field is written', () => {
    const text = fc.string({ unit: fc.constantFrom(...'a "\\,\r\n', '\u00e4') });
    const row = fc.tuple(text, text, fc.array(text, { maxLength: 3 }), fc.constantFrom(bare, quoted));
    const some = fc.array(row, { minLength: 1 });
    fc.assert(
      fc.property(some, fc.constantFrom('\n', '\r\n'), fc.boolean(), (written, end, last) => {
        const lines = written.map(([id, query, texts, write]) =>
          [id, query, JSON.stringify(texts), '7'].map(write).join(','),
        );
        const body = lines.join(end) + (last ? end : '');
        expect(rows(body).map((line) => decodeRow(line))).toEqual(
          written.map(([id, query, documents]) => ({ data: { id, query, documents, top_n: 7 } })),
        );
      }),
    );
  });

  it.each([
    ['is never closed', '1,"q,[]'],
    ['is closed in the middle of a field', '1,"q"x,[]'],
    ['is closed by a quote of another row', '1,q,"[]'],
  ])('loses the row alone whose quoted field %s', (_, fault) => {
    const good = '2,q,"[""a""]"';
    const all = rows([good, fault, good, '3,q,[]', good].join('\n'));
    expect(all).toEqual([good, fault, good, '3,q,[]', good]);
    expect(() => decodeRow(fault)).toThrow(RequestError);
  });

  it('reads a body of nothing but quotes and newlines once, not once a row', () => {
    const body = Buffer.from('"""\n""\n"\n'.repeat(300_000));
    let count = 0;
    for (const row of rowsOf(body)) count += row.length > 0 ? 1 : 0;
    expect(count).toBeGreaterThan(100_000);
  });
});
