import tseslint from 'typescript-eslint';

/** The import direction of the design: each folder may import only from those listed, and from itself. */
const layers = {
  system: [],
  engine: ['system'],
  compose: ['system'],
  stack: ['system', 'compose'],
  spec: ['system', 'compose', 'stack'],
  repositories: ['system', 'compose', 'stack'],
  images: ['system', 'engine'],
  builds: ['system', 'engine', 'images', 'compose', 'stack', 'repositories'],
  deployment: ['system', 'engine', 'compose', 'stack', 'spec'],
  deployers: ['system', 'engine', 'images', 'compose', 'stack', 'spec', 'deployment'],
};

const layerRules = Object.entries(layers).map(([layer, allowed]) => {
  const forbidden = [...Object.keys(layers), 'commands'].filter((other) => other !== layer && !allowed.includes(other));
  return {
    files: [`src/${layer}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(${forbidden.join('|')})/`,
              message: `${layer} must not import this: see the import direction in CONTRIBUTING.md`,
            },
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'test/**/fixtures/**', 'coverage/**', 'stacks/**'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', '*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  ...layerRules,
  { files: ['test/**/*.ts'], rules: { 'no-console': 'off' } },
);
