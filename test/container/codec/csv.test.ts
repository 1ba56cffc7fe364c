import fc from 'fast-check';
import { decodeRow } from '../../../container/codec';
import { RequestError } from '../../../container';

const bare = (text: string) => text.replace(/[\\,"]/g, '\\$&');
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
    const text = fc.string().map((value) => value.replace(/[\r\n]/g, ' '));
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
      expect.objectContaining({ code: 'invalid_request', details: { path } }) as Error,
    );
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
