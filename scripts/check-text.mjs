// node scripts/check-text.mjs FILE…: refuses conflict markers, blanks at line ends, a missing last newline, long lines
// of comments, and references to documents that are not in this repository.
import { readFileSync } from 'node:fs';

/**
 * Sections of a contract, numbers of decisions, weaknesses and issues, as they stood in comments and names of tests
 * once.
 */
const reference = /\b0\d[a-z]? §|(?<!RFC \d+ )§ ?\d|\b(decisions?|weakness(es)?|issues?) \d|\bK-\d\d\b|\(design\)/i;
const longestComment = 120;

let bad = 0;
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  const complain = (line, message) => {
    console.error(`${file}:${line}: ${message}`);
    bad += 1;
  };
  const lines = text.split('\n');
  const isCode = /\.(ts|mjs|js|sh|py)$/.test(file);
  lines.forEach((line, index) => {
    if (reference.test(line)) complain(index + 1, 'refers to a document that is not in this repository');
    if (isCode && /^\s*(\/\/|\/?\*|#)/.test(line) && line.length > longestComment) {
      complain(index + 1, `a comment of more than ${longestComment} columns`);
    }
    if (/^(<{7}|>{7}|={7})( |$)/.test(line)) complain(index + 1, 'conflict marker');
    if (/[ \t\r]$/.test(line)) complain(index + 1, 'blanks at the end of the line');
  });
  if (text !== '' && !text.endsWith('\n')) complain(lines.length, 'no newline at the end of the file');
}
process.exitCode = bad > 0 ? 1 : 0;
