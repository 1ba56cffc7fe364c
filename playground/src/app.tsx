import { render } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Bm25, Failure, type Model, type Sample, type Timing, getJson, score } from './api.js';
import { ApiPanel, CopyButton, CopyPanel, CostPanel } from './panels.js';
import { type Doc, fromFile, fromLines, textOfFile } from './documents.js';
import { type Judgements, beirArchive, download, judgedQueries } from './export.js';
import { Detail } from './detail.js';
import { type Order, candidatesOf, firstOrder, fusedOrder } from './rank.js';
import { Measures, Results, Timings } from './results.js';
import { decodeState, encodeState } from './state.js';

/** What a model made of the candidates. */
interface Scored {
  readonly logits: Float64Array;
  readonly timing: Timing;
}

interface Outcome {
  readonly query: string;
  /** All that BM25 chose the candidates from. */
  readonly documents: readonly Doc[];
  readonly candidates: readonly { readonly doc: Doc; readonly bm25: number }[];
  /** By model, in the order of the models. */
  readonly scored: readonly Scored[];
}

/** Documents are shown as text up to here; more are loaded from a file and counted. */
const EDITABLE = 300;
/** Of the samples, the question that the page opens with: one that docs/getting-started.md shows, too. */
const FIRST_QUESTION = 6;

function App(): preact.JSX.Element {
  const [models, setModels] = useState<readonly Model[]>([]);
  const [sample, setSample] = useState<Sample>();
  const [query, setQuery] = useState('');
  const [documents, setDocuments] = useState<readonly Doc[]>([]);
  const [topK, setTopK] = useState(100);
  const [weight, setWeight] = useState(0.5);
  const [judged, setJudged] = useState<Judgements>({});
  const [inAddress, setInAddress] = useState(true);
  const [outcome, setOutcome] = useState<Outcome>();
  const [progress, setProgress] = useState<string>();
  const [problem, setProblem] = useState<Error>();
  const [detail, setDetail] = useState<{ readonly doc: Doc; readonly model: number }>();
  const bm25 = useRef<Bm25>(undefined);
  const running = useRef<AbortController>(undefined);

  useEffect(() => {
    bm25.current = new Bm25();
    const load = async (): Promise<void> => {
      const [served, samples, shared] = await Promise.all([
        getJson<readonly Model[]>('/playground/models'),
        getJson<Sample>('/playground/sample'),
        decodeState(location.hash),
      ]);
      setModels(served);
      setSample(samples);
      if (shared && shared.documents.length > 0) {
        setQuery(shared.query);
        setDocuments(shared.documents);
        setWeight(shared.weight);
        setTopK(shared.topK);
        setJudged(shared.judged);
      } else {
        showSample(samples, samples.questions[FIRST_QUESTION]!.question);
      }
    };
    load().catch((error: Error) => setProblem(error));
  }, []);

  useEffect(() => {
    if (models.length === 0) return;
    const timer = setTimeout(() => {
      void encodeState({ query, documents, weight, topK, judged }).then((state) => {
        history.replaceState(null, '', state === undefined ? location.pathname : `#${state}`);
        setInAddress(state !== undefined);
      });
    }, 300);
    return () => clearTimeout(timer);
  }, [models, query, documents, weight, topK, judged]);

  const run = useCallback(async () => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    setProblem(undefined);
    setDetail(undefined);
    if (query.trim() === '')
      return setProblem(new Error('The query is empty: say what you are looking for.'));
    if (documents.length === 0)
      return setProblem(new Error('There are no documents: type some, or drop a file.'));
    try {
      setProgress('BM25 …');
      const scores = await bm25.current!.scores(query, documents);
      const candidates = candidatesOf(documents, scores, topK);
      const texts = candidates.map(({ doc }) => doc.text);
      const scored: Scored[] = [];
      let shown = 0;
      for (const [i, { name }] of models.entries()) {
        const show = (done: number): void => {
          // As often as a reader sees, not as often as a result comes.
          if (performance.now() - shown < 100) return;
          shown = performance.now();
          setProgress(`${name}: ${done.toLocaleString()} of ${texts.length.toLocaleString()} documents`);
        };
        show(0);
        scored.push(await score(i, query, texts, control.signal, show));
      }
      setOutcome({ query, documents, candidates, scored });
      setProgress(undefined);
    } catch (error) {
      if (control.signal.aborted) return;
      setProgress(undefined);
      setProblem(error as Error);
    }
  }, [query, documents, topK, models]);

  const started = useRef(false);
  useEffect(() => {
    // The first ranking, and that of a sample, needs no click: the page opens with an answer.
    if (started.current || models.length === 0 || documents.length === 0) return;
    started.current = true;
    void run();
  }, [models, documents, run]);

  const orders = useMemo<readonly Order[]>(() => {
    if (!outcome) return [];
    const { candidates, scored } = outcome;
    const named = (name: string): string => (weight === 1 ? name : `BM25 + ${name}`);
    return [
      firstOrder(candidates),
      ...scored.map(({ logits }, i) => fusedOrder(named(models[i]!.name), candidates, logits, weight)),
    ];
  }, [outcome, weight, models]);
  const alone = useMemo<readonly Order[]>(
    () =>
      outcome?.scored.map(({ logits }, i) => fusedOrder(models[i]!.name, outcome.candidates, logits, 1)) ??
      [],
    [outcome, models],
  );
  const relevant = useMemo(() => {
    const texts = new Set(judged[outcome?.query ?? '']);
    return new Set(outcome?.documents.filter(({ text }) => texts.has(text)).map(({ id }) => id));
  }, [judged, outcome]);
  const judge = ({ text }: Doc): void => {
    if (!outcome) return;
    const texts = new Set(judged[outcome.query]);
    if (!texts.delete(text)) texts.add(text);
    setJudged({ ...judged, [outcome.query]: [...texts] });
  };
  const exported = useMemo(() => judgedQueries(documents, judged).length, [documents, judged]);

  function showSample(from: Sample, question: string): void {
    const docs = from.passages.map(({ id, title, text }) => ({ id, text: `${title}. ${text}` }));
    const { passage } = from.questions.find((each) => each.question === question)!;
    const answers = docs.filter(({ id }) => id === passage).map(({ text }) => text);
    setDocuments(docs);
    setQuery(question);
    setJudged((before) => ({ [question]: answers, ...before }));
    started.current = false;
  }
  const loadFile = async (file: File): Promise<void> => {
    try {
      setDocuments(fromFile(file.name, await textOfFile(file)));
      setOutcome(undefined);
      setProblem(undefined);
    } catch (error) {
      setProblem(error as Error);
    }
  };
  const tokensPerPair = outcome?.scored[0]
    ? outcome.scored[0].timing.tokens / outcome.candidates.length
    : 200;

  return (
    <>
      <header>
        <h1>Reranker playground</h1>
        <p>
          A search finds documents by their words. A reranker reads each one together with the query and puts
          the best first. Type your own query and documents, and see which ones move.
        </p>
      </header>
      <main>
        <section class="card inputs" aria-label="Query and documents">
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void run();
            }}
          >
            <label for="query">Query</label>
            <div class="row">
              <input
                id="query"
                value={query}
                onInput={(event) => setQuery(event.currentTarget.value)}
                autocomplete="off"
              />
              <button type="submit" class="primary" disabled={models.length === 0}>
                Rerank
              </button>
            </div>
            {sample && (
              <div class="row small">
                <label for="sample">Sample questions</label>
                <select
                  id="sample"
                  value={sample.questions.some(({ question }) => question === query) ? query : ''}
                  onChange={(event) => showSample(sample, event.currentTarget.value)}
                >
                  <option value="" disabled>
                    choose one …
                  </option>
                  {sample.questions.map(({ question }) => (
                    <option key={question}>{question}</option>
                  ))}
                </select>
              </div>
            )}
            <DocumentField
              documents={documents}
              onChange={setDocuments}
              onFile={(file) => void loadFile(file)}
            />
            <div class="row small">
              <label for="topk">Rerank the best</label>
              <input
                id="topk"
                type="number"
                min="1"
                max="10000"
                value={topK}
                onChange={(event) =>
                  setTopK(Math.min(10_000, Math.max(1, Math.round(Number(event.currentTarget.value)) || 100)))
                }
              />
              <span>of BM25</span>
              <p class="status" role="status">
                {progress ?? (outcome ? `${counted(outcome.candidates.length, 'document')} ranked.` : '')}
              </p>
            </div>
          </form>
          {problem && (
            <div class="problem" role="alert">
              <span>{problem.message}</span>{' '}
              {problem instanceof Failure && <button onClick={() => void run()}>Try again</button>}
            </div>
          )}
        </section>

        {outcome && (
          <section class="card" aria-label="Rankings">
            <div class="controls">
              <div class="weight">
                <label for="weight">Weight of the model beside BM25</label>
                <input
                  id="weight"
                  type="range"
                  min="0"
                  max="1"
                  step="0.05"
                  value={weight}
                  aria-valuetext={`${Math.round(100 * weight)} per cent`}
                  onInput={(event) => setWeight(Number(event.currentTarget.value))}
                />
                <output for="weight">
                  {weight.toFixed(2)}{' '}
                  {weight === 0
                    ? '(BM25 alone)'
                    : weight === 1
                      ? '(model alone)'
                      : '(sorted by both; the bars show the model’s own score)'}
                </output>
              </div>
              <Measures
                first={orders[0]!}
                alone={alone}
                fused={orders.slice(1)}
                weight={weight}
                relevant={relevant}
              />
            </div>
            <Results
              query={outcome.query}
              models={models}
              orders={orders}
              relevant={relevant}
              onJudge={judge}
              onDetail={(doc, model) => setDetail({ doc, model })}
            />
            <div class="row small">
              <button
                disabled={exported === 0}
                onClick={() => download('playground-beir.zip', beirArchive(documents, judged))}
              >
                Export judgements for “reranker eval beir”
              </button>
              <span>
                {exported === 0
                  ? 'Mark relevant documents with ✓ to measure and to export.'
                  : `${counted(exported, 'judged query', 'judged queries')}. Unzip it, then: npx reranker eval beir playground`}
              </span>
            </div>
            <div class="row small">
              <CopyButton label="Copy a link to this" disabled={!inAddress} text={() => location.href} />
              <span>
                {inAddress
                  ? 'The address of the page holds query, documents and marks.'
                  : 'These documents are too long for an address: no link holds them.'}
              </span>
            </div>
            <Timings models={models} timings={outcome.scored.map(({ timing }) => timing)} />
          </section>
        )}
        {detail && outcome && (
          <Detail
            key={detail.doc.id}
            query={outcome.query}
            doc={detail.doc}
            model={models[detail.model]!}
            number={detail.model}
            onClose={() => setDetail(undefined)}
          />
        )}
        <CopyPanel query={query} texts={documents.slice(0, 3).map(({ text }) => text)} />
        {models.length > 0 && (
          <CostPanel
            variant={models[0]!.variant}
            documents={Math.min(topK, documents.length || 100)}
            tokens={Math.round(tokensPerPair)}
          />
        )}
        <ApiPanel />
      </main>
      <footer>
        This page is served by “reranker local” on this machine. Nothing leaves it.
        {models.map(({ name, layers, precision, maxTokens }) => (
          <span key={name}>
            {' '}
            {name}: {layers} layers, {precision}, up to {maxTokens.toLocaleString()} tokens.
          </span>
        ))}
      </footer>
    </>
  );
}

function DocumentField(props: {
  readonly documents: readonly Doc[];
  readonly onChange: (documents: readonly Doc[]) => void;
  readonly onFile: (file: File) => void;
}): preact.JSX.Element {
  const { documents, onChange, onFile } = props;
  const [over, setOver] = useState(false);
  const typed = useRef<string>(undefined);
  const lines = useMemo(() => documents.map(({ text }) => text).join('\n'), [documents]);
  const large = documents.length > EDITABLE;
  // What is typed keeps its blank lines and spaces, which its documents do not have.
  const value =
    typed.current !== undefined && sameTexts(fromLines(typed.current), documents) ? typed.current : lines;
  return (
    <div
      class={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer?.files ?? [];
        if (file) onFile(file);
      }}
    >
      <div class="row">
        <label for="documents">Documents, one a line ({documents.length.toLocaleString()})</label>
        <label class="file">
          Open a file
          <input
            type="file"
            accept=".txt,.md,.jsonl,.ndjson,.csv,text/*"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file) onFile(file);
              event.currentTarget.value = '';
            }}
          />
        </label>
      </div>
      {large ? (
        <div class="loaded">
          <p>
            {documents.length.toLocaleString()} documents are loaded. The first: “
            {documents[0]!.text.slice(0, 160)}”
          </p>
          <button type="button" onClick={() => onChange([])}>
            Remove them
          </button>
        </div>
      ) : (
        <textarea
          id="documents"
          rows={4}
          value={value}
          placeholder="Type or paste documents, one a line, or drop a txt, md, jsonl or csv file here."
          onInput={(event) => {
            typed.current = event.currentTarget.value;
            onChange(fromLines(event.currentTarget.value));
          }}
        />
      )}
    </div>
  );
}

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

function sameTexts(a: readonly Doc[], b: readonly Doc[]): boolean {
  return a.length === b.length && a.every(({ text }, i) => text === b[i]!.text);
}

render(<App />, document.getElementById('app')!);
