import type { Architecture, RelativeSizes } from '../architecture.js';
import type { EncoderSpec } from '../encoder/spec.js';
import { bertLayer, layersOf, linear, norm } from './names.js';

/** What DeBERTa-v3 is published with. */
const PUBLISHED: RelativeSizes = {
  span: 256,
  buckets: true,
  most: 512,
  contentToPosition: true,
  positionToContent: true,
  shared: true,
  norm: true,
};

/** DeBERTa-v2 and v3 (arXiv 2006.03654, 2111.09543): BERT with disentangled attention to relative positions. */
export function deberta(a: Architecture): EncoderSpec {
  const { hidden, positions = 512, relative = PUBLISHED, types = 0, embedding = hidden } = a;
  const project = (i: number, part: string) =>
    linear(`deberta.encoder.layer.${i}.attention.self.${part}`, hidden, hidden);
  return {
    architecture: a,
    epsilon: a.epsilon ?? 1e-7,
    embeddings: {
      width: embedding,
      words: { weight: 'deberta.embeddings.word_embeddings.weight', rows: a.vocabulary },
      types:
        types > 0 ? { weight: 'deberta.embeddings.token_type_embeddings.weight', rows: types } : undefined,
      norm: norm('deberta.embeddings.LayerNorm'),
      projection:
        embedding === hidden
          ? undefined
          : {
              weight: 'deberta.embeddings.embed_proj.weight',
              out: hidden,
              input: embedding,
              place: 'before',
            },
    },
    order: 'post-norm',
    attention: {
      kind: 'disentangled',
      positions,
      relative: {
        ...relative,
        table: { weight: 'deberta.encoder.rel_embeddings.weight', rows: 2 * relative.span },
        tableNorm: relative.norm ? norm('deberta.encoder.LayerNorm') : undefined,
        projections: relative.shared
          ? undefined
          : Array.from({ length: a.layers }, (_, i) => ({
              key: relative.contentToPosition ? project(i, 'pos_key_proj') : undefined,
              query: relative.positionToContent ? project(i, 'pos_query_proj') : undefined,
            })),
      },
    },
    layers: layersOf(a.layers, (i) => bertLayer(`deberta.encoder.layer.${i}`, a, '_proj')),
    activation: a.activation ?? 'gelu',
    pooling: 'first',
    head: {
      dense: linear('pooler.dense', hidden, hidden),
      activation: 'gelu',
      classifier: linear('classifier', 1, hidden),
    },
  };
}
