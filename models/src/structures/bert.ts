import type { Architecture } from '../architecture.js';
import type { EncoderSpec } from '../encoder/spec.js';
import { bertLayer, layersOf, linear, norm } from './names.js';

/** BERT (arXiv 1810.04805): post-norm, learned positions, a plain MLP. */
export function bert(a: Architecture): EncoderSpec {
  const { hidden } = a;
  return {
    architecture: a,
    epsilon: a.epsilon ?? 1e-12,
    ...bertBody('bert', a, 2),
    head: {
      dense: linear('bert.pooler.dense', hidden, hidden),
      activation: 'tanh',
      classifier: linear('classifier', 1, hidden),
    },
  };
}

/** RoBERTa and XLM-R (arXiv 1907.11692, 1911.02116): BERT whose positions begin behind the padding's, with a head of its own. */
export function roberta(a: Architecture): EncoderSpec {
  const { hidden } = a;
  return {
    architecture: a,
    epsilon: a.epsilon ?? 1e-5,
    ...bertBody('roberta', a, 1),
    head: {
      dense: linear('classifier.dense', hidden, hidden),
      activation: 'tanh',
      classifier: linear('classifier.out_proj', 1, hidden),
    },
  };
}

/** ELECTRA's discriminator (arXiv 2003.10555): BERT whose embeddings may be narrower than its layers. */
export function electra(a: Architecture): EncoderSpec {
  const { hidden, embedding } = a;
  const body = bertBody('electra', a, 2);
  const projection =
    embedding === undefined || embedding === hidden
      ? undefined
      : ({ ...linear('electra.embeddings_project', hidden, embedding), place: 'after' } as const);
  return {
    architecture: a,
    epsilon: a.epsilon ?? 1e-12,
    ...body,
    embeddings: { ...body.embeddings, width: embedding ?? hidden, projection },
    head: {
      dense: linear('classifier.dense', hidden, hidden),
      activation: 'gelu',
      classifier: linear('classifier.out_proj', 1, hidden),
    },
  };
}

function bertBody(
  prefix: string,
  a: Architecture,
  types: number,
): Omit<EncoderSpec, 'architecture' | 'epsilon' | 'head'> {
  const positions = a.positions ?? 512;
  const offset = a.offset ?? 0;
  const typeRows = a.types ?? types;
  const embeddings = `${prefix}.embeddings`;
  return {
    embeddings: {
      width: a.hidden,
      words: { weight: `${embeddings}.word_embeddings.weight`, rows: a.vocabulary },
      positions: { weight: `${embeddings}.position_embeddings.weight`, rows: positions + offset, offset },
      types:
        typeRows > 0 ? { weight: `${embeddings}.token_type_embeddings.weight`, rows: typeRows } : undefined,
      norm: norm(`${embeddings}.LayerNorm`),
    },
    order: 'post-norm',
    attention: { kind: 'plain', positions },
    layers: layersOf(a.layers, (i) => bertLayer(`${prefix}.encoder.layer.${i}`, a)),
    activation: a.activation ?? 'gelu',
    pooling: 'first',
  };
}
