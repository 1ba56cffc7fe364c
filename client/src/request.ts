import { ValidationError, type ValidationIssue } from './errors/index.js';
import { FUSION_METHODS, type FusionOptions } from './fusion.js';
import { checkInvocation } from './invocation.js';
import type { OnUnavailable, RequestBase } from './types.js';

// A wrong selector makes every document wrong; a few say as much as all.
const MAX_ISSUES = 10;

/** What of a request is sent, checked. */
export interface RequestContent {
  readonly query: string;
  /** One text a document, in their order. */
  readonly texts: readonly string[];
}

interface Checked {
  readonly topN?: unknown;
  readonly firstStageScores?: readonly number[];
  readonly fusion?: FusionOptions;
  readonly onUnavailable?: OnUnavailable | undefined;
}

/**
 * Checks a request and takes the texts out of its documents.
 * @throws ValidationError naming every field at fault, the first ten.
 */
export function readRequest<T, R extends boolean>(request: RequestBase<T, R> & Checked): RequestContent {
  const issues: ValidationIssue[] = [];
  checkFields(request, issues);
  checkFusion(request, issues);
  checkInvocation(request, issues);
  const texts = issues.length === 0 ? readTexts(request, issues) : [];
  if (issues.length > 0) {
    const listed = issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
    throw new ValidationError(`invalid rerank request: ${listed}`, issues);
  }
  return { query: request.query, texts };
}

function checkFields<T, R extends boolean>(
  request: RequestBase<T, R> & Checked,
  issues: ValidationIssue[],
): void {
  const { query, topN, threshold, rawScores, text, onUnavailable } = request;
  const expect = (path: string, ok: boolean, what: string, value: unknown): void => {
    if (!ok) issues.push({ path, message: `must be ${what}, not ${describe(value)}` });
  };
  expect('query', typeof query === 'string' && query.trim() !== '', 'a string that holds text', query);
  if (topN !== undefined) {
    expect('topN', Number.isSafeInteger(topN) && (topN as number) >= 1, 'an integer of at least 1', topN);
  }
  if (threshold !== undefined) expect('threshold', Number.isFinite(threshold), 'a finite number', threshold);
  if (rawScores !== undefined) {
    expect('rawScores', typeof rawScores === 'boolean', 'true or false', rawScores);
  }
  if (text !== undefined) expect('text', typeof text === 'function', 'a function', text);
  if (onUnavailable !== undefined) {
    const allowed = onUnavailable === 'throw' || onUnavailable === 'passthrough';
    expect('onUnavailable', allowed, '"throw" or "passthrough"', onUnavailable);
  }
}

function checkFusion(
  { documents, firstStageScores: scores, fusion }: Checked & { readonly documents: unknown },
  issues: ValidationIssue[],
): void {
  const { method, weight } = fusion ?? {};
  if (method !== undefined && !FUSION_METHODS.includes(method)) {
    issues.push({
      path: 'fusion.method',
      message: `must be "z-score" or "reciprocal-rank", not ${describe(method)}`,
    });
  }
  if (weight !== undefined && !(weight >= 0 && weight <= 1)) {
    issues.push({ path: 'fusion.weight', message: `must be a number from 0 to 1, not ${describe(weight)}` });
  }
  if (scores === undefined) {
    if (fusion === undefined || method === 'reciprocal-rank') return;
    const message = 'are needed to fuse by z-score: give one a document, or fusion.method "reciprocal-rank"';
    issues.push({ path: 'firstStageScores', message });
    return;
  }
  if (Array.isArray(scores) && Array.isArray(documents) && scores.length === documents.length) {
    const wrong = scores.findIndex((score) => !Number.isFinite(score));
    if (wrong < 0) return;
    const message = `must be a finite number, not ${describe(scores[wrong])}`;
    issues.push({ path: `firstStageScores[${wrong}]`, message });
  } else issues.push({ path: 'firstStageScores', message: 'must hold one number a document' });
}

function readTexts<T, R extends boolean>(request: RequestBase<T, R>, issues: ValidationIssue[]): string[] {
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
