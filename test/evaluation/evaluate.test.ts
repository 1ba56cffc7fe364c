import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { Collection } from '../../evaluation/src/collection.js';
import { evaluate, type Reranker } from '../../evaluation/src/evaluate.js';

const documents = new Map(['d1', 'd2', 'd3', 'd4'].map((id) => [id, { id, text: `text of ${id}` }]));
const collection: Collection = {
  name: 'small',
  documents,
  queries: new Map([
    ['q1', 'first'],
    ['q2', 'second'],
    ['q3', 'nothing found'],
  ]),
  qrels: new Map([
    ['q1', new Map([['d3', 1]])],
    ['q2', new Map([['d1', 1]])],
    ['q3', new Map([['d2', 1]])],
  ]),
  faults: [],
};
const list = (ids: string[]): { id: string; score: number }[] => ids.map((id, i) => ({ id, score: 10 - i }));
const firstStage = {
  name: 'BM25',
  run: new Map([
    ['q1', list(['d1', 'd2', 'd3', 'd4'])],
    ['q2', list(['d1', 'd2'])],
  ]),
};

/** Scores a document by the digit of its id, and remembers what it was asked. */
class ByDigit implements Reranker {
  readonly name = 'by-digit';
  readonly asked: [string, string[]][] = [];
  async rerank(query: string, candidates: readonly { id: string }[]): Promise<number[]> {
    this.asked.push([query, candidates.map(({ id }) => id)]);
    // The first query answers last: results must not depend on the order of arrival.
    for (let turn = 0; query === 'first' && turn < 5; turn += 1) await turnOfLoop();
    return candidates.map(({ id }) => Number(id.slice(1)));
  }
}

describe('evaluate', () => {
  it('reranks the top of the first stage and keeps the rest below it', async () => {
    const reranker = new ByDigit();
    const [result] = await evaluate(collection, [firstStage], [reranker], { topK: 3 });
    expect(reranker.asked.toSorted()).toEqual([
      ['first', ['d1', 'd2', 'd3']],
      ['second', ['d1', 'd2']],
    ]);
    const [first, reranked, fused] = result.systems;
    expect([first.kind, reranked.kind, fused.kind]).toEqual(['first-stage', 'reranked', 'fused']);
    expect(reranked.run.get('q1')!.map(({ id, score }) => [id, score])).toEqual([
      ['d1', 1],
      ['d2', 2],
      ['d3', 3],
      ['d4', -1],
    ]);
    expect(reranked.perQuery.get('q1')!.mrr).toBe(1);
    expect(reranked.perQuery.get('q2')!.mrr).toBe(0.5);
    expect(result.queriesWithoutHits).toBe(1);
    expect(reranked.perQuery.get('q3')!.ndcg).toBe(0);
    expect(first.metrics.mrr).toBeCloseTo((1 / 3 + 1) / 3, 12);
    expect(first.differences).toEqual({});
    expect(reranked.differences.ndcg!.mean).toBeCloseTo(reranked.metrics.ndcg - first.metrics.ndcg, 12);
    expect(reranked.millisecondsPerQuery).toBeGreaterThan(0);
  });

  it('gives the same figures at any concurrency', async () => {
    const of = async (concurrency: number): Promise<unknown> => {
      const [{ systems }] = await evaluate(collection, [firstStage], [new ByDigit()], { concurrency });
      return systems.map(({ run, metrics, differences }) => ({ run: [...run], metrics, differences }));
    };
    expect(await of(1)).toEqual(await of(4));
  });

  it('fuses both with the weight: 0 is the first stage, 1 the reranker', async () => {
    const order = async (fusionWeight: number): Promise<number> => {
      const [{ systems }] = await evaluate(collection, [firstStage], [new ByDigit()], { fusionWeight });
      return systems[2].metrics.ndcg;
    };
    const [{ systems }] = await evaluate(collection, [firstStage], [new ByDigit()]);
    expect(await order(0)).toBeCloseTo(systems[0].metrics.ndcg, 12);
    expect(await order(1)).toBeCloseTo(systems[1].metrics.ndcg, 12);
  });

  it('reports progress and stops at an abort', async () => {
    const seen: string[] = [];
    const onProgress = (name: string, done: number, total: number): unknown =>
      seen.push(`${name} ${done}/${total}`);
    await evaluate(collection, [firstStage], [new ByDigit()], { onProgress, concurrency: 1 });
    expect(seen).toEqual(['by-digit 1/2', 'by-digit 2/2']);
    const signal = AbortSignal.abort(new Error('stopped by the user'));
    await expect(evaluate(collection, [firstStage], [new ByDigit()], { signal })).rejects.toThrow(
      'stopped by the user',
    );
  });

  it('starts a reranker when its turn comes and asks nothing more once one query failed', async () => {
    const events: string[] = [];
    async function* inTurn(): AsyncGenerator<Reranker> {
      for (const name of ['a', 'b']) {
        events.push(`start ${name}`);
        try {
          yield { name, rerank: async (_, list) => list.map(() => 1) };
        } finally {
          events.push(`stop ${name}`);
        }
      }
    }
    await evaluate(collection, [firstStage], inTurn());
    expect(events).toEqual(['start a', 'stop a', 'start b', 'stop b']);

    const asked: [string, AbortSignal][] = [];
    let answered!: () => void;
    const second = new Promise<void>((resolve) => (answered = resolve));
    const failing: Reranker = {
      name: 'failing',
      rerank: async (query, candidates, signal) => {
        asked.push([query, signal!]);
        if (query === 'first') throw new Error('broken');
        if (!signal!.aborted) await once(signal!, 'abort');
        answered();
        return candidates.map(() => 1);
      },
    };
    const { queries, qrels, ...rest } = collection;
    const more = ['q4', 'q5'];
    const wider = {
      ...rest,
      queries: new Map([...queries, ...more.map((id) => [id, id] as const)]),
      qrels: new Map([...qrels, ...more.map((id) => [id, new Map([['d1', 1]])] as const)]),
    };
    const run = new Map([...firstStage.run, ...more.map((id) => [id, list(['d1'])] as const)]);
    await expect(evaluate(wider, [{ ...firstStage, run }], [failing], { concurrency: 2 })).rejects.toThrow(
      'broken',
    );
    await second;
    await turnOfLoop();
    expect(asked.map(([query]) => query)).toEqual(['first', 'second']);
    expect(asked.every(([, signal]) => signal.aborted)).toBe(true);
  });

  it('compares the metrics asked for', async () => {
    const [{ systems }] = await evaluate(collection, [firstStage], [new ByDigit()], {
      compare: ['hitRate', 'mrr'],
    });
    expect(Object.keys(systems[1].differences)).toEqual(['hitRate', 'mrr']);
    const { mrr } = systems[1].differences;
    expect(mrr!.mean).toBeCloseTo(systems[1].metrics.mrr - systems[0].metrics.mrr, 12);
    expect(mrr!.low).toBeLessThanOrEqual(mrr!.mean);
    expect(mrr!.high).toBeGreaterThanOrEqual(mrr!.mean);
  });

  it('refuses scores that are too few or no numbers, and documents the collection lacks', async () => {
    const returning = (scores: number[]): Reranker => ({ name: 'odd', rerank: async () => scores });
    const run = new Map([['q2', list(['d1', 'd2'])]]);
    const from = (scores: number[]): Promise<unknown> =>
      evaluate(collection, [{ name: 'BM25', run }], [returning(scores)]);
    await expect(from([1])).rejects.toMatchObject({
      code: 'rerank_invalid',
      message: 'odd, query "q2": 1 scores for 2 documents',
    });
    await expect(from([1, Number.NaN])).rejects.toThrow('odd, query "q2": score 1 is NaN');
    const foreign = { name: 'run', run: new Map([['q1', list(['d1', 'elsewhere'])]]) };
    await expect(evaluate(collection, [foreign], [])).rejects.toMatchObject({ code: 'run_invalid' });
    await expect(evaluate(collection, [firstStage], [], { topK: 0 })).rejects.toMatchObject({
      code: 'option_invalid',
    });
  });
});

describe('answers that are kept', () => {
  let answers: string;
  beforeEach(async () => {
    answers = await mkdtemp(path.join(tmpdir(), 'answers-'));
  });
  afterEach(() => rm(answers, { recursive: true, force: true }));

  it('are not asked for again after an interruption, nor for another first stage', async () => {
    let left = 1;
    const failing = new ByDigit();
    const interrupted: Reranker = {
      name: 'by-digit',
      rerank: (query, list) => {
        if (left === 0) throw new Error('the machine went down');
        left -= 1;
        return failing.rerank(query, list);
      },
    };
    const options = { answers, concurrency: 1 };
    await expect(evaluate(collection, [firstStage], [interrupted], options)).rejects.toThrow('went down');
    // What was being written is cut off.
    const [file] = await readdir(answers);
    await appendFile(path.join(answers, file), '{"query":"q2","docu');

    const other = {
      name: 'other',
      run: new Map([
        ['q1', list(['d4', 'd3'])],
        ['q3', list(['d2'])],
      ]),
    };
    const again = new ByDigit();
    const results = await evaluate(collection, [firstStage, other], [again], options);
    expect(again.asked).toEqual([
      ['second', ['d1', 'd2']],
      ['nothing found', ['d2']],
    ]);
    const alone = await evaluate(collection, [firstStage, other], [new ByDigit()], { concurrency: 1 });
    expect(results.map(({ systems }) => systems.map(({ metrics }) => metrics))).toEqual(
      alone.map(({ systems }) => systems.map(({ metrics }) => metrics)),
    );
    const third = new ByDigit();
    await evaluate(collection, [firstStage, other], [third], options);
    expect(third.asked).toEqual([]);
  });

  it('are those of one collection and one model', async () => {
    await evaluate(collection, [firstStage], [new ByDigit()], { answers });
    const model = Object.assign(new ByDigit(), { identity: 'another model of that name' });
    await evaluate(collection, [firstStage], [model], { answers });
    expect(model.asked).toHaveLength(2);
    const changed = { ...collection, queries: new Map([...collection.queries, ['q1', 'another']]) };
    const asked = new ByDigit();
    await evaluate(changed, [firstStage], [asked], { answers });
    expect(asked.asked).toHaveLength(2);
  });
});
