/** The command as a library: for who adds it to a command line of his own. */
export { createProgram } from './program.js';
