/** Training data: texts, tokenizer, and the groups of query and candidates cut from them. */
export { parseDescriptions, withoutRepeats } from './descriptions';
export { readDictionary } from './dictionary';
export { EncodedGroups, groupTexts, readGroups } from './groups';
export {
  candidateText,
  drawGroups,
  trimRecord,
  type CandidateId,
  type Group,
  type PairOptions,
} from './pairs';
export { FORMS, type Form } from './queries';
export { SentenceEncoder, type SentenceEncoderOptions } from './sentence-encoder';
export { fingerprint, readTextRecords, type TextRecord } from './text-record';
export { SPECIAL_TOKENS, trainTokenizer, type TokenizerOptions } from './train-tokenizer';
export { readWordNet } from './wordnet';
