/** Every benchmark by its name; each file or folder beside this one holds one of them. */
import type { Suite } from './suite';

export const suites: Readonly<Record<string, Suite>> = {};
