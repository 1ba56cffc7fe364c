import { ValidationError, type ValidationIssue } from './errors';
import type { RerankRequest } from './types';
import type { RerankRequestBody } from './wire';

// A wrong selector makes every document wrong; a few say as much as all.
const MAX_ISSUES = 10;

/**
 * Checks a request and writes the body to send: texts only, and documents never back.
 * @throws ValidationError naming every field at fault, the first ten.
 */
export function encodeRequest<T, R extends boolean>(request: RerankRequest<T, R>): RerankRequestBody {
  const issues: ValidationIssue[] = [];
  if (typeof request.query !== 'string' || request.query.trim() === '') {
    issues.push({
      path: 'query',
      message: `must be a string that holds text, not ${describe(request.query)}`,
    });
  }
  const { topN } = request;
  if (topN !== undefined && (!Number.isSafeInteger(topN) || topN < 1)) {
    issues.push({ path: 'topN', message: `must be an integer of at least 1, not ${describe(topN)}` });
  }
  if (request.text !== undefined && typeof request.text !== 'function') {
    issues.push({ path: 'text', message: `must be a function, not ${describe(request.text)}` });
  }
  const documents = issues.length === 0 ? encodeDocuments(request, issues) : [];
  if (issues.length > 0) {
    const listed = issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
    throw new ValidationError(`invalid rerank request: ${listed}`, issues);
  }
  return {
    query: request.query,
    documents,
    ...(topN !== undefined && { top_n: topN }),
    return_documents: false,
  };
}

function encodeDocuments<T, R extends boolean>(
  request: RerankRequest<T, R>,
  issues: ValidationIssue[],
): string[] {
  const { documents, text } = request;
  if (!Array.isArray(documents) || documents.length === 0) {
    const found = Array.isArray(documents) ? 'an empty array' : describe(documents);
    issues.push({ path: 'documents', message: `must be an array of at least one document, not ${found}` });
    return [];
  }
  const texts: string[] = [];
  for (const [index, document] of (documents as readonly T[]).entries()) {
    const value: unknown = text ? text(document) : ownText(document);
    if (typeof value === 'string') texts.push(value);
    else issues.push({ path: `documents[${index}]`, message: textFault(text !== undefined, value) });
    if (issues.length === MAX_ISSUES) break;
  }
  return texts;
}

function ownText(document: unknown): unknown {
  return typeof document === 'object' && document !== null ? (document as { text?: unknown }).text : document;
}

function textFault(selected: boolean, value: unknown): string {
  return selected
    ? `must give a string through the text selector, not ${describe(value)}`
    : `must be a string or have a string field "text" (or pass a text selector); its text is ${describe(value)}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  if (typeof value === 'string' && value.trim() === '') return 'an empty string';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
