import type { VariantId } from '@sagemaker-reranker/models';

/** A raw fp32 logit that someone has published for a pair. */
interface KnownAnswer {
  readonly query: string;
  readonly document: string;
  readonly logit: number;
}

interface KnownAnswers {
  /** Where the figures are published. */
  readonly source: string;
  readonly answers: readonly KnownAnswer[];
}

/** How far an fp32 model may be from a known answer: the published figures have four decimals. */
export const KNOWN_ANSWER_TOLERANCE = 1e-3;

const FRANCE = 'What is the capital of France?';
const PARIS = 'Paris is the capital of France.';
const BERLIN = 'Berlin is the capital of Germany.';
const FASTEMBED = 'qdrant/fastembed tests/test_text_cross_encoder.py';

export const KNOWN_ANSWERS: Readonly<Partial<Record<VariantId, readonly KnownAnswers[]>>> = {
  tiny: [
    {
      source: FASTEMBED,
      answers: [
        { query: FRANCE, document: PARIS, logit: 2.5911 },
        { query: FRANCE, document: BERLIN, logit: 0.1122 },
      ],
    },
    {
      source: 'neondatabase-labs/pgrag README',
      answers: [
        {
          query: 'The quick brown fox jumps over the lazy dog',
          document: 'What did the quick brown fox jump over?',
          logit: 1.1093962,
        },
        {
          query: 'The quick brown fox jumps over the lazy dog',
          document: 'Never Eat Shredded Wheat',
          logit: -1.4725753,
        },
      ],
    },
    {
      source: 'neondatabase/neon rag_jina_reranker_v1_tiny_en expected output',
      answers: [
        {
          query: 'the cat sat on the mat',
          document: 'the baboon played with the balloon',
          logit: -0.8989152,
        },
        {
          query: 'the cat sat on the mat',
          document: 'the tanks fired at the buildings',
          logit: -1.3018152,
        },
        { query: 'query about cats', document: 'information about felines', logit: -1.3133051 },
        { query: '', document: 'empty query test', logit: -0.7075559 },
        {
          query: 'query about programming',
          document: 'Python is a programming language',
          logit: -0.16591403,
        },
        {
          query: 'query about programming',
          document: 'Java is also a programming language',
          logit: -0.33475375,
        },
        { query: 'query about programming', document: 'SQL is used for databases', logit: -0.10132827 },
      ],
    },
  ],
  turbo: [
    {
      source: FASTEMBED,
      answers: [
        { query: FRANCE, document: PARIS, logit: 1.8295 },
        { query: FRANCE, document: BERLIN, logit: -2.8908 },
      ],
    },
  ],
};

/** Token ids of whole pairs by the tokenizer that turbo and tiny share. Source: the published `tokenizer.json`. */
export const KNOWN_TOKEN_IDS: readonly {
  readonly query: string;
  readonly document: string;
  readonly ids: readonly number[];
}[] = [
  {
    query: FRANCE,
    document: PARIS,
    ids: [
      0, 21381, 21152, 21138, 23897, 21155, 26127, 61, 2, 2, 27059, 21152, 21138, 23897, 21155, 26127, 44, 2,
    ],
  },
  { query: '', document: 'empty query test', ids: [0, 2, 2, 28338, 30313, 21828, 2] },
];
