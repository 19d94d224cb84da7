import { formatProblem, InvalidFileError } from '../../src/system/errors.js';

/** The problems that reading a bad file reports, one line each as an operator sees them. */
export function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidFileError) return error.problems.map(formatProblem);
    throw error;
  }
  throw new Error('the file was accepted');
}
