import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import imports from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** The areas of src: each may import only from those listed, and from itself. */
const areas = {
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
  output: ['system', 'repositories', 'deployment', 'deployers'],
};

/** The floors within an area, from the ground up: no folder imports from one above it. */
const floors = {
  compose: ['syntax', 'document', 'model', '*.ts'],
  repositories: ['git', 'sync', '*.ts'],
  builds: ['recipe', '*.ts'],
  deployment: ['directory', 'access', 'secrets', 'images', 'compose', 'checks', 'hooks', 'create', 'update', '*.ts'],
  deployers: ['*.ts', 'readiness', 'secrets', 'images', '{compose,kubernetes}', 'lifecycle'],
  'deployers/compose': ['cli', 'project', 'resources', 'ready', 'start', 'stop', 'preview', 'operate', '*.ts'],
  'deployers/kubernetes': [
    ...['objects/common', 'api', 'objects/configuration', 'objects/storage', 'objects/network', 'objects/workloads'],
    ...['objects/*.ts', 'apply', 'remove', 'ready', 'kind', 'input', 'ingress', 'operate', 'lifecycle', '*.ts'],
  ],
};

const everything = (folder) => `./src/${folder}/**/*`;
const message = 'see the import direction in CONTRIBUTING.md';

const betweenAreas = Object.entries(areas).map(([area, allowed]) => ({
  target: everything(area),
  from: [...Object.keys(areas), 'commands'].filter((one) => one !== area && !allowed.includes(one)).map(everything),
  message,
}));

const betweenFloors = Object.entries(floors).flatMap(([area, names]) => {
  const folders = names.map((name) => (name.endsWith('.ts') ? `./src/${area}/${name}` : everything(`${area}/${name}`)));
  return folders.slice(0, -1).map((target, floor) => ({ target, from: folders.slice(floor + 1), message }));
});

const paths = [
  ...betweenAreas,
  ...betweenFloors,
  // What both targets need belongs to neither.
  { target: everything('deployers/kubernetes'), from: [everything('deployers/compose')], message },
  { target: everything('deployers/compose'), from: [everything('deployers/kubernetes')], message },
  // One file loads the targets: what the others do is the same on each of them.
  {
    target: './src/deployers/lifecycle/**/!(choose-deployer).ts',
    from: [everything('deployers/{compose,kubernetes}')],
    message: 'only choose-deployer.ts loads targets',
  },
  { target: everything('commands'), from: [everything('deployers/{compose,kubernetes}')], message },
];

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
  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': imports },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: paths.filter(({ from }) => from.length > 0) }],
      'import-x/no-cycle': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'AbortSignal', property: 'timeout', message: 'It may never abort: use abortedAfter.' },
      ],
    },
  },
  { files: ['test/**/*.ts'], rules: { 'no-console': 'off' } },
);
