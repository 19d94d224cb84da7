import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageDirectory } from '../../../src/system/package.js';
import { codeSpansOf, type Page, readPages } from '../../support/docs/documents.js';

const root = packageDirectory();
const pages = readPages();

const withoutBlocks = (text: string): string => text.replace(/^```[^]*?^```/gm, '');

/** The anchors that code hosts give to the headings of a page. */
function anchorsOf(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function linksOf({ text }: Page): string[] {
  const links = [...withoutBlocks(text).matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !link.includes('://'));
}

/** Whether a link of a page leads to a file of the repository, and to one of its headings if it names one. */
function leadsSomewhere(link: string, from: Page): boolean {
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? from.path : join(dirname(from.path), file);
  if (!existsSync(join(root, path))) return false;
  const target = pages.find((page) => page.path === path);
  return anchor === undefined || target === undefined || anchorsOf(target.text).includes(anchor);
}

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  it('links to files and headings that exist', () => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(link, page))).toEqual([]);
  });

  it('names files of the source and the tests that exist', () => {
    const paths = codeSpansOf(page)
      .map(({ code }) => code)
      .filter((code) => /^(src|test|scripts)\/[\w./-]+$/.test(code));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

it('docs/README.md leads to every page of docs/', () => {
  const index = pages.find(({ path }) => path === 'docs/README.md');
  const reached = index === undefined ? [] : linksOf(index).map((link) => join('docs', link.split('#')[0] ?? ''));
  const documents = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && path !== index?.path);
  expect(documents.filter((path) => !reached.includes(path))).toEqual([]);
});
