import { LocalEndpointError } from '@sagemaker-reranker/container/local';
import { explain, systemReason } from '@sagemaker-reranker/models';

/** A failure for the terminal: one line that says what is wrong, or with `verbose` all that is known. */
export function describeFailure(error: unknown, verbose: boolean): string {
  if (verbose) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof LocalEndpointError) return lastWords(error);
  const said = explain(error);
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).errno === undefined) return said;
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined ? systemReason(error) : `${path}: ${systemReason(error)}`;
}

/** What the container said last, out of the lines of its log that the error ends with. */
function lastWords({ message }: LocalEndpointError): string {
  const [first = '', ...lines] = message.split('\n');
  const words = lines.flatMap((line) => wordsOf(line)).at(-1);
  if (words === undefined) return first;
  return `${first.replace(/\. Its last lines:$/, '')}: ${words} (--verbose shows its log)`;
}

/** The message of a line that reports an error. */
function wordsOf(line: string): string[] {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: unknown;
      msg?: string;
      err?: { message?: string };
    };
    const serious = level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
    return serious ? [err?.message ?? msg ?? ''].filter(Boolean) : [];
  } catch {
    return line.trim() === '' ? [] : [line.replace(/^reranker: /, '')];
  }
}
