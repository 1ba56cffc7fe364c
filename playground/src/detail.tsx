import { useEffect, useRef, useState } from 'preact/hooks';
import { type Model, type TokenCounts, getJson, score } from './api.js';
import type { Doc } from './documents.js';

/** Windows that are scored at most. */
const MOST_WINDOWS = 50;

/** What of a document the model reads, and which part of a long one answers the query best. */
export function Detail(props: {
  readonly query: string;
  readonly doc: Doc;
  readonly model: Model;
  /** Which of the models served it is. */
  readonly number: number;
  readonly onClose: () => void;
}): preact.JSX.Element {
  const { query, doc, model, number, onClose } = props;
  const [counts, setCounts] = useState<TokenCounts>();
  const [windows, setWindows] = useState<readonly { readonly text: string; readonly score: number }[]>();
  const [problem, setProblem] = useState<string>();
  const dialog = useRef<HTMLDialogElement>(null);
  const control = useRef(new AbortController());

  useEffect(() => {
    dialog.current?.showModal();
    const { signal } = control.current;
    getJson<TokenCounts>(
      `/playground/models/${number}/tokens`,
      { query, documents: [doc.text] },
      signal,
    ).then(setCounts, (error: Error) => {
      if (!signal.aborted) setProblem(error.message);
    });
    return () => control.current.abort();
  }, [query, doc, number]);

  const count = counts?.documents[0];
  const characters = [...doc.text];
  const cut = count !== undefined && count.readCharacters < characters.length;
  const scoreWindows = async (): Promise<void> => {
    const starts = count!.windows.slice(0, MOST_WINDOWS);
    const texts = starts.map((start, i) =>
      characters.slice(start, starts[i + 1] ?? characters.length).join(''),
    );
    try {
      const { logits } = await score(number, query, texts, control.current.signal, () => undefined);
      setWindows(texts.map((text, i) => ({ text, score: 1 / (1 + Math.exp(-logits[i]!)) })));
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const best = windows && Math.max(...windows.map((window) => window.score));
  return (
    <dialog ref={dialog} aria-labelledby="detail-title" onClose={onClose}>
      <div class="row">
        <h2 id="detail-title">Document {doc.id}</h2>
        <button onClick={() => dialog.current?.close()}>Close</button>
      </div>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {count && counts && (
        <p>
          {count.tokens.toLocaleString()} tokens.{' '}
          {cut
            ? `${model.name} has room for ${counts.room.toLocaleString()} beside the query: the rest${windows ? '' : ', struck out,'} is not read.`
            : `${model.name} has room for ${counts.room.toLocaleString()} beside the query and reads all of it.`}
        </p>
      )}
      {cut && !windows && (
        <p>
          <button onClick={() => void scoreWindows()}>
            Score its {Math.min(count.windows.length, MOST_WINDOWS)} parts
          </button>{' '}
          The API does the same with <code>"long_documents": "max_passage"</code>.
        </p>
      )}
      {/* The text scrolls, so it can be reached by keyboard. */}
      <div class="whole" tabIndex={0} role="region" aria-label="Text of the document">
        {windows ? (
          windows.map(({ text, score: value }, i) => (
            <p
              key={i}
              class={value === best ? 'window best' : 'window'}
              ref={value === best ? (shown) => shown?.scrollIntoView({ block: 'nearest' }) : undefined}
            >
              <b>{value.toFixed(3)}</b> {text.length > 4_000 ? `${text.slice(0, 4_000)}…` : text}
            </p>
          ))
        ) : cut ? (
          <p>
            {characters.slice(0, count.readCharacters).join('')}
            <del>{characters.slice(count.readCharacters, count.readCharacters + 20_000).join('')}</del>
          </p>
        ) : (
          <p>{doc.text}</p>
        )}
      </div>
    </dialog>
  );
}
