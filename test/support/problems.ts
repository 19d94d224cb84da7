import { formatProblem, InvalidFileError } from '../../src/system/errors.js';

/** The problems that parsing an invalid file reports, one per line, as an operator sees them. */
export function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidFileError) return error.problems.map(formatProblem);
    throw error;
  }
  throw new Error('the file was accepted');
}
