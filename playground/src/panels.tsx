import { useEffect, useState } from 'preact/hooks';
import type { CostAnswer, CostQuestion } from '../../cli/src/playground/cost.js';
import { getJson } from './api.js';
import { SNIPPETS, type SnippetName, snippet } from './snippets.js';

export function CopyButton(props: {
  readonly label: string;
  readonly disabled?: boolean;
  readonly text: () => string;
}): preact.JSX.Element {
  const { label, disabled, text } = props;
  const [copied, setCopied] = useState('');
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text()).then(
      () => setCopied('Copied.'),
      () => setCopied('The browser did not allow it: copy it by hand.'),
    );
    setTimeout(() => setCopied(''), 3_000);
  };
  return (
    <>
      <button disabled={disabled} onClick={() => void copy()}>
        {label}
      </button>
      <span role="status">{copied}</span>
    </>
  );
}

export function CopyPanel({
  query,
  texts,
}: {
  readonly query: string;
  readonly texts: readonly string[];
}): preact.JSX.Element {
  const [name, setName] = useState<SnippetName>('curl');
  const code = snippet(name, location.origin, query, texts);
  return (
    <details class="card">
      <summary>Call it from your code</summary>
      <div class="row small">
        <label for="snippet">Client</label>
        <select
          id="snippet"
          value={name}
          onChange={(event) => setName(event.currentTarget.value as SnippetName)}
        >
          {SNIPPETS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <CopyButton label="Copy" text={() => code} />
        <span>With the first three documents, each by its beginning.</span>
      </div>
      <pre tabIndex={0} role="region" aria-label={`The request for ${name}`}>
        {code}
      </pre>
    </details>
  );
}

export function CostPanel(props: {
  readonly variant?: string;
  readonly documents: number;
  readonly tokens: number;
}): preact.JSX.Element {
  const { documents, tokens } = props;
  const known = ['tiny', 'turbo', 'base', 'embedded'];
  const [variant, setVariant] = useState(known.includes(props.variant ?? '') ? props.variant! : 'tiny');
  const [rate, setRate] = useState(5);
  const [p95, setP95] = useState(1_000);
  const [answer, setAnswer] = useState<CostAnswer | string>();
  const ask = async (): Promise<void> => {
    const question: CostQuestion = {
      variant,
      region: 'us-east-1',
      queriesPerSecond: rate,
      documents,
      tokens,
      p95Ms: p95,
    };
    setAnswer('');
    setAnswer(await getJson<CostAnswer>('/playground/cost', question).catch((error: Error) => error.message));
  };
  const field = (
    id: string,
    label: string,
    value: number,
    set: (value: number) => void,
  ): preact.JSX.Element => (
    <span class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        min="0"
        step="any"
        value={value}
        onChange={(event) => set(Number(event.currentTarget.value))}
      />
    </span>
  );
  return (
    <details class="card">
      <summary>What would this cost?</summary>
      <p>
        {documents.toLocaleString()} documents a query of {tokens} tokens a pair, as above, in us-east-1.
      </p>
      <div class="row small">
        <label for="variant">Model</label>
        <select id="variant" value={variant} onChange={(event) => setVariant(event.currentTarget.value)}>
          {known.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        {field('rate', 'queries/s', rate, setRate)}
        {field('p95', 'p95 ms', p95, setP95)}
        <button onClick={() => void ask()}>Compare</button>
      </div>
      <p role="status">{answer === '' && 'Comparing …'}</p>
      {typeof answer === 'string' && answer !== '' && (
        <p class="problem" role="alert">
          {answer}
        </p>
      )}
      {typeof answer === 'object' &&
        (answer.options.length === 0 ? (
          <p>Nothing meets this latency. Allow more, or rerank fewer documents.</p>
        ) : (
          <>
            <table>
              <caption>The cheapest that meet it. {answer.prices}.</caption>
              <thead>
                <tr>
                  <th scope="col">Hosting</th>
                  <th scope="col">USD a month</th>
                  <th scope="col">p95 ms</th>
                </tr>
              </thead>
              <tbody>
                {answer.options.map(({ label, usdPerMonth, p95Ms, basis }) => (
                  <tr key={label}>
                    <th scope="row">{label}</th>
                    <td>
                      {usdPerMonth.toFixed(0)} ({basis})
                    </td>
                    <td>{p95Ms.toFixed(0)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <pre tabIndex={0} role="region" aria-label="The command for all of it">
              {`npx reranker cost compare --variant ${variant} --queries-per-second ${rate} \\\n  --documents ${documents} --tokens ${tokens} --p95 ${p95}ms --html cost.html`}
            </pre>
          </>
        ))}
    </details>
  );
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly summary?: string;
  readonly requestBody?: { readonly content?: Readonly<Record<string, Content>> };
}
interface Content {
  readonly example?: unknown;
}

/** What the container answers, from its own description, each with a request that can be sent. */
export function ApiPanel(): preact.JSX.Element {
  const [api, setApi] = useState<OpenApi | string>();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!open || api !== undefined) return;
    getJson<OpenApi>('/playground/models/0/openapi.json').then(setApi, (error: Error) =>
      setApi(error.message),
    );
  }, [open, api]);
  return (
    <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Try the API</summary>
      {typeof api === 'string' && (
        <p class="problem" role="alert">
          {api}
        </p>
      )}
      {typeof api === 'object' &&
        Object.entries(api.paths).flatMap(([path, methods]) =>
          Object.entries(methods)
            .filter(([method]) => method === 'get' || method === 'post')
            .map(([method, operation]) => (
              <TryIt key={method + path} path={path} method={method} operation={operation} />
            )),
        )}
    </details>
  );
}

function TryIt({
  path,
  method,
  operation,
}: {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}): preact.JSX.Element {
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const [body, setBody] = useState(() => JSON.stringify(content?.example, null, 2));
  const [answer, setAnswer] = useState('');
  const id = `try-${method}${path.replace(/\W+/g, '-')}`;
  const send = async (): Promise<void> => {
    setAnswer('…');
    try {
      const init =
        method === 'get'
          ? {}
          : { method: 'POST', headers: { 'content-type': type ?? 'application/json' }, body };
      const response = await fetch(`/playground/models/0${path}`, init);
      const text = await response.text();
      setAnswer(`${response.status} ${response.statusText}\n${pretty(text).slice(0, 20_000)}`);
    } catch {
      setAnswer('The local endpoint does not answer.');
    }
  };
  return (
    <details class="operation">
      <summary>
        <code>
          {method.toUpperCase()} {path}
        </code>{' '}
        {operation.summary}
      </summary>
      {method === 'post' && (
        <>
          <label for={id}>Body</label>
          <textarea
            id={id}
            rows={6}
            spellcheck={false}
            value={body}
            onInput={(event) => setBody(event.currentTarget.value)}
          />
        </>
      )}
      <button onClick={() => void send()}>Send</button>
      {answer !== '' && (
        <pre tabIndex={0} role="region" aria-label="Answer">
          {answer}
        </pre>
      )}
    </details>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
