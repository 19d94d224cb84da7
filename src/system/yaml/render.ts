import { type Document, isCollection, type Scalar, visit } from 'yaml';
import { yamlStyle } from './yaml.js';

/**
 * Renders an edited document in {@link yamlStyle}, so that Compose still reads the unedited parts as before. Without
 * special care two things would change: `mode: 0440`, octal for Compose and decimal in YAML 1.2, would be written by
 * its value, and the null in `{data: }` as `{data:}`, where Compose sees a key `data:`. The document must not be used
 * afterwards: its numbers have become text (a copy would cost as much as the rendering).
 */
export function renderDocument(document: Document.Parsed): string {
  if (!document.schema.tags.includes(verbatimTag)) document.schema.tags.unshift(verbatimTag);
  visit(document, {
    Scalar: (_key, scalar, parents) => {
      if (typeof scalar.value === 'number' && scalar.source !== undefined) {
        scalar.value = new Verbatim(scalar.source);
        delete scalar.tag;
      } else if (
        scalar.value === null &&
        !scalar.source &&
        parents.some((parent) => isCollection(parent) && parent.flow)
      ) {
        scalar.source = 'null';
      }
    },
  });
  return document.toString(yamlStyle);
}

/** A number as it is written in the file. */
class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const verbatimTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  identify: (value: unknown) => value instanceof Verbatim,
  resolve: (text: string) => text,
  stringify: ({ value }: Scalar) => (value instanceof Verbatim ? value.text : ''),
};
