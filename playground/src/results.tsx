import { useEffect, useRef, useState } from 'preact/hooks';
import { type Model, type Timing, type TokenCounts, getJson } from './api.js';
import type { Doc } from './documents.js';
import { type Order, type Placed, measuresOf } from './rank.js';

/** Pixels of a row; the lines between two orders are drawn by it. */
const ROW = 64;
const GAP = 72;
const FIRST = 10;
const MORE = 40;

interface RowProps {
  readonly placed: Placed;
  readonly place: number;
  /** Place in BM25's order; absent in that order itself. */
  readonly before?: number;
  /** How much of the document the model reads, where not all of it. */
  readonly cut?: string;
  readonly relevant: boolean;
  readonly onJudge: (doc: Doc) => void;
  readonly onDetail: (doc: Doc) => void;
}

/** The orders side by side, with a line from each document's place to its next. */
export function Results(props: {
  readonly query: string;
  readonly models: readonly Model[];
  /** BM25's, then one a model. */
  readonly orders: readonly Order[];
  /** Ids. */
  readonly relevant: ReadonlySet<string>;
  readonly onJudge: (doc: Doc) => void;
  readonly onDetail: (doc: Doc, model: number) => void;
}): preact.JSX.Element {
  const { query, models, orders, relevant, onJudge, onDetail } = props;
  const [shown, setShown] = useState(FIRST);
  // On a narrow screen there is room for one order; the moves are told in words.
  const [narrow, setNarrow] = useState(1);
  const all = orders[0]!.placed.length;
  const count = Math.min(shown, all);
  const cuts = useCuts(query, models, orders, count);
  return (
    <>
      <div class="narrow-choice row small">
        <label for="order">Order shown</label>
        <select id="order" value={narrow} onChange={(event) => setNarrow(Number(event.currentTarget.value))}>
          {orders.map(({ name }, i) => (
            <option key={i} value={i}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="orders">
        {orders.map((order, i) => (
          <>
            {i > 0 && <Moves from={orders[i - 1]!} to={order} count={count} relevant={relevant} />}
            <div class={i === Math.min(narrow, orders.length - 1) ? 'order chosen' : 'order'} key={i}>
              <h2>{order.name}</h2>
              <ol>
                {order.placed.slice(0, count).map((placed, at) => (
                  <Row
                    key={placed.doc.id}
                    placed={placed}
                    place={at + 1}
                    before={i === 0 ? undefined : orders[0]!.places.get(placed.doc)}
                    cut={cuts[i - 1]?.get(placed.doc)}
                    relevant={relevant.has(placed.doc.id)}
                    onJudge={onJudge}
                    onDetail={(doc) => onDetail(doc, Math.max(0, i - 1))}
                  />
                ))}
              </ol>
            </div>
          </>
        ))}
      </div>
      {count < all && (
        <button onClick={() => setShown(shown + MORE)}>
          Show {Math.min(MORE, all - count)} more
          {all - count > MORE && ` of ${(all - count).toLocaleString()}`}
        </button>
      )}
    </>
  );
}

/** By model: which of the documents shown it does not read to their end. */
function useCuts(
  query: string,
  models: readonly Model[],
  orders: readonly Order[],
  count: number,
): readonly ReadonlyMap<Doc, string | undefined>[] {
  const [cuts, setCuts] = useState<readonly ReadonlyMap<Doc, string | undefined>[]>([]);
  const known = useRef<{ readonly query: string; readonly cuts: Map<Doc, string | undefined>[] }>(undefined);
  useEffect(() => {
    if (known.current?.query !== query) known.current = { query, cuts: models.map(() => new Map()) };
    const { cuts: found } = known.current;
    const control = new AbortController();
    const ask = async (model: number): Promise<void> => {
      const { maxTokens } = models[model]!;
      const docs = orders[model + 1]!.placed.slice(0, count)
        .map(({ doc }) => doc)
        // A token has a byte at least.
        .filter((doc) => !found[model]!.has(doc) && 3 * (doc.text.length + query.length) + 8 > maxTokens);
      if (docs.length === 0) return;
      const url = `/playground/models/${model}/tokens`;
      const body = { query, documents: docs.map(({ text }) => text) };
      const { room, documents } = await getJson<TokenCounts>(url, body, control.signal);
      documents.forEach(({ tokens }, i) =>
        found[model]!.set(
          docs[i]!,
          tokens > room
            ? `${room.toLocaleString()} of its ${tokens.toLocaleString()} tokens are read`
            : undefined,
        ),
      );
      setCuts([...found]);
    };
    // The marks are beside the ranking, which has told of a server that has gone.
    void Promise.all(models.map((_, i) => ask(i))).catch(() => undefined);
    return () => control.abort();
  }, [query, models, orders, count]);
  return cuts;
}

function Row({ placed, place, before, cut, relevant, onJudge, onDetail }: RowProps): preact.JSX.Element {
  const { doc, score, share } = placed;
  const moved = before === undefined ? 0 : before - place;
  return (
    <li class={relevant ? 'hit' : undefined}>
      <span class="place">{place}</span>
      <button class="text" onClick={() => onDetail(doc)} title="What the model reads of it">
        <span>{doc.text.length > 300 ? `${doc.text.slice(0, 300)}…` : doc.text}</span>
      </button>
      <span class="score">
        <meter min={0} max={1} value={share} aria-label="score">
          {score.toFixed(3)}
        </meter>
        {score.toFixed(3)}
        {before !== undefined && (
          <span class={moved > 0 ? 'up' : moved < 0 ? 'down' : 'same'}>
            {before} → {place}
          </span>
        )}
        {cut !== undefined && (
          <span class="cut" title={cut}>
            cut
          </span>
        )}
      </span>
      <button
        class="judge"
        aria-pressed={relevant}
        aria-label={`Relevant: ${doc.text.slice(0, 60)}`}
        onClick={() => onJudge(doc)}
      >
        ✓
      </button>
    </li>
  );
}

function Moves(props: {
  readonly from: Order;
  readonly to: Order;
  readonly count: number;
  readonly relevant: ReadonlySet<string>;
}): preact.JSX.Element {
  const { from, to, count, relevant } = props;
  const y = (place: number): number => Math.min(place - 0.5, count + 0.25) * ROW;
  const lines = [...from.places].flatMap(([doc, before]) => {
    const after = to.places.get(doc)!;
    return Math.min(before, after) > count ? [] : [{ id: doc.id, before, after }];
  });
  return (
    <svg
      class="moves"
      width={GAP}
      height={count * ROW}
      viewBox={`0 0 ${GAP} ${count * ROW}`}
      aria-hidden="true"
    >
      {lines.map(({ id, before, after }) => (
        <path
          key={id}
          class={`${after < before ? 'up' : after > before ? 'down' : 'same'}${relevant.has(id) ? ' hit' : ''}`}
          d={`M0 ${y(before)} C ${GAP / 2} ${y(before)}, ${GAP / 2} ${y(after)}, ${GAP} ${y(after)}`}
        />
      ))}
    </svg>
  );
}

export function Measures(props: {
  readonly first: Order;
  readonly alone: readonly Order[];
  readonly fused: readonly Order[];
  readonly weight: number;
  readonly relevant: ReadonlySet<string>;
}): preact.JSX.Element | null {
  const { first, alone, fused, weight, relevant } = props;
  if (relevant.size === 0) return null;
  const columns = [first, ...alone, ...(weight === 1 || weight === 0 ? [] : fused)].map((order) => ({
    name: order.name,
    ...measuresOf(order, relevant),
  }));
  const best = Math.max(...columns.map(({ ndcg }) => ndcg));
  const row = (
    heading: string,
    valueOf: (column: (typeof columns)[number]) => number,
  ): preact.JSX.Element => (
    <tr>
      <th scope="row">{heading}</th>
      {columns.map((column, i) => (
        <td key={i} class={column.ndcg === best ? 'best' : undefined}>
          {valueOf(column).toFixed(3)}
        </td>
      ))}
    </tr>
  );
  return (
    // Wider than a phone with several models: it scrolls, so it can be reached by keyboard.
    <div class="measures" tabIndex={0} role="region" aria-label="Measures">
      <table>
        <caption>
          By the {relevant.size} relevant {relevant.size === 1 ? 'document' : 'documents'}, marked ✓
        </caption>
        <thead>
          <tr>
            <td></td>
            {columns.map(({ name }, i) => (
              <th key={i} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {row('NDCG@10', ({ ndcg }) => ndcg)}
          {row('MRR@10', ({ mrr }) => mrr)}
        </tbody>
      </table>
    </div>
  );
}

const STAGES = ['tokenize', 'queue', 'inference'] as const;

export function Timings({
  models,
  timings,
}: {
  readonly models: readonly Model[];
  readonly timings: readonly Timing[];
}): preact.JSX.Element {
  return (
    <dl class="timings">
      {timings.map(({ total, stages, firstResult, tokens, documents }, i) => {
        const rest = Math.max(0, total - STAGES.reduce((sum, stage) => sum + stages[stage], 0));
        return (
          <div key={i}>
            <dt>{models[i]!.name}</dt>
            <dd>
              {documents.toLocaleString()} documents, {tokens.toLocaleString()} tokens in{' '}
              {Math.round(total).toLocaleString()} ms
              {firstResult !== undefined &&
                `, streamed; the first after ${Math.round(firstResult).toLocaleString()} ms`}
              <svg class="stages" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                {[...STAGES.map((stage) => ({ stage, ms: stages[stage] })), { stage: 'rest', ms: rest }].map(
                  ({ stage, ms }, k, list) => {
                    const x = list.slice(0, k).reduce((sum, each) => sum + each.ms, 0);
                    return (
                      <rect
                        key={stage}
                        class={stage}
                        x={(100 * x) / total}
                        width={(100 * ms) / total}
                        height="4"
                      />
                    );
                  },
                )}
              </svg>
              {STAGES.map((stage) => (
                <span key={stage} class={`legend ${stage}`}>
                  {stage} {stages[stage].toFixed(1)} ms
                </span>
              ))}
              <span class="legend rest">transport {rest.toFixed(1)} ms</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
