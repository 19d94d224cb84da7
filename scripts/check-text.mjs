// node scripts/check-text.mjs FILE…: refuses conflict markers, blanks at line ends and a missing last newline.
import { readFileSync } from 'node:fs';

let bad = 0;
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  const complain = (line, message) => {
    console.error(`${file}:${line}: ${message}`);
    bad += 1;
  };
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    if (/^(<{7}|>{7}|={7})( |$)/.test(line)) complain(index + 1, 'conflict marker');
    if (/[ \t\r]$/.test(line)) complain(index + 1, 'blanks at the end of the line');
  });
  if (text !== '' && !text.endsWith('\n')) complain(lines.length, 'no newline at the end of the file');
}
process.exitCode = bad > 0 ? 1 : 0;
