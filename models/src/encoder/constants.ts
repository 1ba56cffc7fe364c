/** Position given to padding: times the smallest slope it still makes a score whose exp() is exactly 0. */
export const FAR = 1e9;

/** Most query rows whose scores are computed at once. */
export const BLOCK = 128;
