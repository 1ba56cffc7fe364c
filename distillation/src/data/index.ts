/** Training data: texts, tokenizer, and the groups of query and candidates cut from them. */
export { parseDescriptions, withoutRepeats } from './descriptions.js';
export { readDictionary } from './dictionary.js';
export { EncodedGroups, groupTexts, readGroups } from './groups.js';
export {
  candidateText,
  drawGroups,
  trimRecord,
  type CandidateId,
  type Group,
  type PairOptions,
} from './pairs.js';
export { FORMS, type Form } from './queries.js';
export { SentenceEncoder, type SentenceEncoderOptions } from './sentence-encoder.js';
export { fingerprint, readTextRecords, type TextRecord } from './text-record.js';
export { SPECIAL_TOKENS, trainTokenizer, type TokenizerOptions } from './train-tokenizer.js';
export { readWordNet } from './wordnet.js';
