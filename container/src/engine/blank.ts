/** White space, and the format characters that have no width: none of them is a token. */
const BLANK = /^[\p{White_Space}\p{Cf}]*$/u;

/** Whether a text has nothing to compare. */
export function isBlank(text: string): boolean {
  return BLANK.test(text);
}

/**
 * The logit of a document without text, which no model sees: below those that rerankers give, so that it ranks last, and
 * finite, so that it can be written as JSON.
 */
export const BLANK_LOGIT = -100;
