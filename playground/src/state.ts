import type { Doc } from './documents.js';
import type { Judgements } from './export.js';

/** What the address holds behind its #, so that a link brings the same page. */
export interface Shared {
  readonly query: string;
  readonly documents: readonly Doc[];
  readonly weight: number;
  readonly topK: number;
  readonly judged: Judgements;
}

/** Larger texts are left out: browsers and chats cut long addresses. */
const LONGEST_TEXT = 40_000;

/** The state as deflated JSON in base64url; undefined when the documents are too long for an address. */
export async function encodeState(state: Shared): Promise<string | undefined> {
  if (state.documents.reduce((sum, { text }) => sum + text.length, 0) > LONGEST_TEXT) return undefined;
  const stream = new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @returns undefined for an address that holds none, or one that was cut */
export async function decodeState(fragment: string): Promise<Shared | undefined> {
  if (fragment.length < 2) return undefined;
  try {
    const binary = atob(fragment.slice(1).replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const state = JSON.parse(await new Response(stream).text()) as Partial<Shared>;
    const documents = (state.documents ?? []).filter(
      ({ id, text }) => typeof id === 'string' && typeof text === 'string',
    );
    return {
      query: String(state.query ?? ''),
      documents,
      weight: clamp(state.weight, 0, 1, 0.5),
      topK: clamp(state.topK, 1, 10_000, 100),
      judged: Object.fromEntries(
        Object.entries(state.judged ?? {}).map(([text, relevant]) => [text, [...relevant].map(String)]),
      ),
    };
  } catch {
    return undefined;
  }
}

function clamp(value: number | undefined, least: number, most: number, fallback: number): number {
  return typeof value === 'number' && value >= least && value <= most ? value : fallback;
}
