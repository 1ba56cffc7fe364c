import { useState } from 'preact/hooks';
import type { Model, Timing } from './api.js';
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
  readonly relevant: boolean;
  readonly onJudge: (id: string) => void;
  readonly onDetail: (id: string) => void;
}

/** The orders side by side, with a line from each document's place to its next. */
export function Results(props: {
  readonly orders: readonly Order[];
  readonly relevant: ReadonlySet<string>;
  readonly onJudge: (id: string) => void;
  readonly onDetail: (id: string) => void;
}): preact.JSX.Element {
  const { orders, relevant, onJudge, onDetail } = props;
  const [shown, setShown] = useState(FIRST);
  // On a narrow screen there is room for one order; the moves are told in words.
  const [narrow, setNarrow] = useState(1);
  const all = orders[0]!.placed.length;
  const count = Math.min(shown, all);
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
                    before={i === 0 ? undefined : orders[0]!.places.get(placed.doc.id)}
                    relevant={relevant.has(placed.doc.id)}
                    onJudge={onJudge}
                    onDetail={onDetail}
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

function Row({ placed, place, before, relevant, onJudge, onDetail }: RowProps): preact.JSX.Element {
  const { doc, score, share } = placed;
  const moved = before === undefined ? 0 : before - place;
  return (
    <li class={relevant ? 'hit' : undefined}>
      <span class="place">{place}</span>
      <button class="text" onClick={() => onDetail(doc.id)} title="What the model reads of it">
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
      </span>
      <button
        class="judge"
        aria-pressed={relevant}
        aria-label={`Relevant: ${doc.text.slice(0, 60)}`}
        onClick={() => onJudge(doc.id)}
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
  const lines = [...from.places].flatMap(([id, before]) => {
    const after = to.places.get(id)!;
    return Math.min(before, after) > count ? [] : [{ id, before, after }];
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
  const rows = [first, ...alone, ...(weight === 1 || weight === 0 ? [] : fused)].map((order) => ({
    name: order.name,
    ...measuresOf(order, relevant),
  }));
  const best = Math.max(...rows.map(({ ndcg }) => ndcg));
  return (
    <table>
      <caption>
        By the {relevant.size} {relevant.size === 1 ? 'document' : 'documents'} that you marked
      </caption>
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">NDCG@10</th>
          <th scope="col">MRR@10</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, ndcg, mrr }, i) => (
          <tr key={i} class={ndcg === best ? 'best' : undefined}>
            <th scope="row">{name}</th>
            <td>{ndcg.toFixed(3)}</td>
            <td>{mrr.toFixed(3)}</td>
          </tr>
        ))}
      </tbody>
    </table>
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
        const rest = stages ? Math.max(0, total - STAGES.reduce((sum, stage) => sum + stages[stage], 0)) : 0;
        return (
          <div key={i}>
            <dt>{models[i]!.name}</dt>
            <dd>
              {documents.toLocaleString()} documents, {tokens.toLocaleString()} tokens in{' '}
              {Math.round(total).toLocaleString()} ms
              {firstResult !== undefined &&
                `, streamed; the first after ${Math.round(firstResult).toLocaleString()} ms`}
              {stages && (
                <>
                  <svg class="stages" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                    {[
                      ...STAGES.map((stage) => ({ stage, ms: stages[stage] })),
                      { stage: 'rest', ms: rest },
                    ].map(({ stage, ms }, k, list) => {
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
                    })}
                  </svg>
                  {STAGES.map((stage) => (
                    <span key={stage} class={`legend ${stage}`}>
                      {stage} {stages[stage].toFixed(1)} ms
                    </span>
                  ))}
                  <span class="legend rest">transport {rest.toFixed(1)} ms</span>
                </>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
